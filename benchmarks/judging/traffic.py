"""The requests of a simulated service, drawn by numpy from a seed: who asked when, with what luck.

Users are unlike each other: some ask often, some fail often, some are slow. The day has a rhythm,
errors come in bursts that both versions suffer, and latencies drift. None of it depends on the
version: what a candidate does differently is a Difference, laid over it in segment.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from functions.metrics.windows import SLOT_SECONDS

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

DAY = 86_400
CAUSES = ("candidate", "upstream", "internal")
CAUSED_BY = (0.2, 0.7, 0.1)
"""How often each is what causes a burst: mostly what both versions depend on."""

MOST_OFTEN = 0.5
"""The chance of a request to fail is at most that, for whatever user."""


@dataclass(frozen=True)
class World:
    """
    per_second   requests a second, over the day
    users        how many there are
    heavy        how unlike they are in asking: sigma of a log-normal
    error_rate   failures a request, outside bursts
    prone        how unlike they are in failing: sigma of a log-normal
    rhythm       how far the traffic goes up and down over a day, 0 to 1
    bursts       bursts of errors a day, in both arms, of one to ten minutes
    burst_rate   failures a request in a burst, the mean
    median_ms, spread   latencies: a log-normal, of which each user has a factor of their own
    drift        how far latencies go up and down over hours: sigma of their logarithm
    """

    per_second: float = 10.0
    users: int = 20_000
    heavy: float = 1.0
    error_rate: float = 0.01
    prone: float = 0.7
    rhythm: float = 0.6
    bursts: float = 1.0
    burst_rate: float = 0.05
    median_ms: float = 800.0
    spread: float = 0.6
    users_spread: float = 0.3
    drift: float = 0.15


STEADY = World(heavy=0.0, prone=0.0, rhythm=0.0, bursts=0.0, drift=0.0, users_spread=0.0)
"""Nothing but chance."""


@dataclass(frozen=True)
class Difference:
    """What the candidate does that the control doesn't, and what befalls both.

    errors   failures a request beside the control's, at so many seconds after the start
    shared   the same for both arms
    slower   times as long as the control
    cause    of what it fails with; `shared_cause` of what both do
    leak     share of an instance's memory that a request to the candidate never gives back
    retries  how often a client tries again after a failure, in vain
    """

    errors: Callable[[Floats], Floats] | None = None
    shared: Callable[[Floats], Floats] | None = None
    slower: float = 1.0
    cause: str = "candidate"
    shared_cause: str = "candidate"
    leak: float = 0.0
    retries: int = 0


NONE = Difference()


@dataclass(frozen=True)
class Requests:
    """In the order of time. Of a slot: `offsets` (its first request), `cause` (index into CAUSES,
    -1: mixed). Of a request: `user`, `luck` (it fails when that is below its chance), `chance`,
    `log_ms`. Of a user: `bucket` (0 to 1: who is below the share gets the candidate) and `rank`
    (what their keyed hash sorts by)."""

    offsets: Ints
    cause: npt.NDArray[np.int8]
    user: npt.NDArray[np.int32]
    luck: Floats
    chance: Floats
    log_ms: Floats
    bucket: Floats
    rank: npt.NDArray[np.int32]

    @property
    def slots(self) -> int:
        return len(self.offsets) - 1


def requests(world: World, seed: int, seconds: int = DAY) -> Requests:
    """What is asked in so many seconds."""
    rng = np.random.default_rng(seed)
    slots = seconds // SLOT_SECONDS
    at = np.arange(slots) * SLOT_SECONDS
    rate = world.per_second * (1 + world.rhythm * np.sin(2 * np.pi * (at / DAY + rng.random())))
    counts = rng.poisson(rate * SLOT_SECONDS)
    total = int(counts.sum())
    user = _users(rng, world, total)
    chances, cause = _chances(rng, world, slots)
    prone = _factors(rng, world.prone, world.users)
    chance = np.repeat(chances, counts) * prone[user]
    slow = _factors(rng, world.users_spread, world.users, mean=False)
    log_ms = rng.standard_normal(total, dtype=np.float32) * np.float32(world.spread)
    log_ms += np.repeat(_drift(rng, world, slots), counts) + np.log(slow)[user]
    return Requests(
        offsets=np.concatenate(([0], np.cumsum(counts))),
        cause=cause,
        user=user,
        luck=rng.random(total, dtype=np.float32),
        chance=np.minimum(chance, np.float32(MOST_OFTEN)),
        log_ms=log_ms,
        bucket=rng.random(world.users, dtype=np.float32),
        rank=rng.permutation(world.users).astype(np.int32),
    )


def _users(rng: np.random.Generator, world: World, total: int) -> npt.NDArray[np.int32]:
    """Who asks, by how often they do: Walker's method of aliases."""
    weights = _factors(rng, world.heavy, world.users).astype(np.float64)
    weights *= world.users / weights.sum()
    keep, alias = np.ones(world.users, np.float32), np.arange(world.users, dtype=np.int32)
    small = [int(n) for n in np.flatnonzero(weights < 1)]
    large = [int(n) for n in np.flatnonzero(weights >= 1)]
    left = weights.tolist()
    while small and large:
        one, other = small.pop(), large[-1]
        keep[one], alias[one] = left[one], other
        left[other] -= 1 - left[one]
        if left[other] < 1:
            small.append(large.pop())
    picked = rng.integers(0, world.users, total, dtype=np.int32)
    kept = rng.random(total, dtype=np.float32) < keep[picked]
    return np.where(kept, picked, alias[picked])


def _factors(rng: np.random.Generator, sigma: float, count: int, *, mean: bool = True) -> Floats:
    """Of a log-normal whose mean, else whose median, is 1."""
    shift = sigma**2 / 2 if mean else 0.0
    return np.exp(rng.standard_normal(count) * sigma - shift).astype(np.float32)


def _chances(
    rng: np.random.Generator, world: World, slots: int
) -> tuple[Floats, npt.NDArray[np.int8]]:
    """Failures a request of each slot, and what they are caused by."""
    chance = np.full(slots, world.error_rate, np.float32)
    cause = np.full(slots, -1, np.int8)
    for _ in range(rng.poisson(world.bursts * slots * SLOT_SECONDS / DAY)):
        first = int(rng.integers(slots))
        last = first + int(rng.integers(6, 61))
        chance[first:last] += rng.exponential(world.burst_rate)
        cause[first:last] = rng.choice(len(CAUSES), p=CAUSED_BY)
    return chance, cause


def _drift(rng: np.random.Generator, world: World, slots: int) -> Floats:
    """The logarithm of the median latency, slot by slot: three slow waves."""
    at = np.arange(slots) * SLOT_SECONDS / 3_600
    waves = sum(
        np.sin(2 * np.pi * (at / hours + rng.random())) * world.drift * np.sqrt(2 / 3)
        for hours in (1.0, 5.0, 24.0)
    )
    drift: Floats = (np.log(world.median_ms) + waves).astype(np.float32)
    return drift
