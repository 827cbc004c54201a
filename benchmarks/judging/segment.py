"""The requests of a stretch of a rollout under one split, as the tallies that instances write."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from math import log

import numpy as np
import numpy.typing as npt

from benchmarks.judging.traffic import CAUSES, Difference, Flags, Floats, Ints, Requests
from functions.metrics import distinct, histogram, slowest
from functions.metrics.completions import RECENT, Completion
from functions.metrics.ladder import LADDER_MS
from functions.metrics.tally import EMPTY, USERS_CAP, Tally
from functions.metrics.windows import SLOT_SECONDS, Window
from functions.rollouts.evidence import Both

START = 1_800_000_000
SERVICE, CONTROL, CANDIDATE = "stories", "1.2.0", "1.3.0"
CODES = ("BAD_OUTPUT", "UNAVAILABLE", "INTERNAL")
"""One for each of CAUSES."""

IDLE_MEMORY = 0.45
MIXED = (0.3, 0.9)
"""Of the failures outside bursts: the candidate's kind below the first, upstream's below the
second, internal above."""

_LADDER = np.array(LADDER_MS, np.float64)
_EDGES = np.array(histogram.EDGES_MS, np.float64)


@dataclass(frozen=True)
class Segment:
    """Slots are counted from the start of the simulation; the segment begins with slot `first`."""

    requests: Requests
    difference: Difference
    share: float
    first: int
    generation: int

    @cached_property
    def _base(self) -> int:
        return int(self.requests.offsets[self.first])

    @cached_property
    def _once(self) -> tuple[Ints, npt.NDArray[np.int32], Flags, Flags, Ints]:
        """Slot, user, candidate's?, failed? and position in `requests`, before any retry."""
        requests, base = self.requests, self._base
        offsets = requests.offsets[self.first :]
        slot = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
        user = requests.user[base:]
        candidate = requests.bucket[user] < self.share
        chance = requests.chance[base:]
        seconds = ((slot + self.first) * SLOT_SECONDS).astype(np.float32)
        if self.difference.shared:
            chance = chance + self.difference.shared(seconds)
        if self.difference.errors:
            chance = chance + self.difference.errors(seconds) * candidate
        failed = requests.luck[base:] < chance
        return slot, user, candidate, failed, np.arange(base, base + len(user))

    @cached_property
    def _all(self) -> tuple[Ints, npt.NDArray[np.int32], Flags, Flags, Ints]:
        """The same with what clients tried again, and with what ran out of memory."""
        slot, user, candidate, failed, position = self._once
        if self.difference.leak:
            failed = failed | (self.memory >= 1.0)[slot]
        if not self.difference.retries:
            return slot, user, candidate, failed, position
        times = np.where(failed, 1 + self.difference.retries, 1)
        again = np.repeat(np.arange(len(user)), times)
        return slot[again], user[again], candidate[again], failed[again], position[again]

    @cached_property
    def memory(self) -> Floats:
        """The share of an instance's memory in use, slot by slot; both versions run in it."""
        slot, _, candidate, _, _ = self._once
        slots = self.requests.slots - self.first
        if not self.difference.leak:
            return np.full(slots, IDLE_MEMORY, np.float32)
        lost = np.bincount(slot[candidate], minlength=slots) * self.difference.leak
        memory, used = np.empty(slots, np.float32), IDLE_MEMORY
        for each in range(slots):
            used = IDLE_MEMORY if used >= 1.0 else used + float(lost[each])
            memory[each] = min(1.0, used)
        return memory

    @property
    def slot(self) -> Ints:
        """Of each request, counted from the first of the segment."""
        return self._all[0]

    @property
    def user(self) -> npt.NDArray[np.int32]:
        return self._all[1]

    @property
    def candidate(self) -> Flags:
        return self._all[2]

    @property
    def failed(self) -> Flags:
        return self._all[3]

    @cached_property
    def offsets(self) -> Ints:
        slots = self.requests.slots - self.first
        return np.concatenate(([0], np.cumsum(np.bincount(self.slot, minlength=slots))))

    @cached_property
    def sampled_as(self) -> npt.NDArray[np.uint32]:
        """The rank of each user in samples of users."""
        return sample_ranks(len(self.requests.bucket))[self.requests.rank]

    @cached_property
    def log_ms(self) -> Floats:
        found = self.requests.log_ms[self._all[4]]
        if self.difference.slower == 1.0:
            return found
        slower = self.candidate.astype(np.float32) * np.float32(log(self.difference.slower))
        return found + slower

    def tally(self, version: str, first: int, last: int) -> Tally:
        """What a version did in the slots [first, last), counted from the segment's first."""
        begin = int(self.offsets[max(0, first)])
        part = slice(begin, int(self.offsets[max(0, last)]))
        mine = np.flatnonzero(self.candidate[part] == (version == CANDIDATE)) + begin
        if not len(mine):
            return EMPTY
        failed = mine[self.failed[mine]]
        ms = np.exp(self.log_ms[mine].astype(np.float64))
        rounded = np.rint(ms).astype(np.int64)
        rungs = np.searchsorted(_LADDER, ms, side="left")
        passed = np.bincount(rungs, minlength=len(_LADDER) + 1)
        longer = np.cumsum(passed[::-1])[::-1][1:]
        buckets = np.bincount(np.searchsorted(_EDGES, ms, side="right"))
        causes = np.bincount(self.causes(failed), minlength=len(CAUSES))
        ranks = np.unique(self.requests.rank[self.user[failed]])[:USERS_CAP]
        times = self._times(failed[[0, -1]]) if len(failed) else None
        return Tally(
            requests=len(mine),
            failures=len(failed),
            errors=_named(CODES, causes),
            causes=_named(CAUSES, causes),
            duration_sum_ms=int(rounded.sum()),
            duration_squares_ms2=int((rounded * rounded).sum()),
            buckets={int(n): int(buckets[n]) for n in np.flatnonzero(buckets)},
            above=_named([str(rung) for rung in LADDER_MS], longer),
            memory_max=float(self.memory[self.slot[mine]].max()),
            users_failing=frozenset(hashed(int(rank), len(self.requests.bucket)) for rank in ranks),
            users=self._sample(mine),
            slowest=self._slowest(mine, rungs),
            recent=self.completions(mine[-RECENT:]),
            first_failure_at=int(times[0]) if times is not None else None,
            last_failure_at=int(times[1]) if times is not None else None,
        )

    def both(self, first: int, last: int) -> Both:
        return Both(self.tally(CANDIDATE, first, last), self.tally(CONTROL, first, last))

    def windows(self, first: int, last: int) -> list[Window]:
        """The slots [first, last), each as one instance writes it."""
        return [
            Window(
                START + (self.first + slot) * SLOT_SECONDS,
                SLOT_SECONDS,
                SERVICE,
                version,
                self.generation,
                self.tally(version, slot, slot + 1),
            )
            for slot in range(max(0, first), last)
            for version in (CANDIDATE, CONTROL)
        ]

    def _sample(self, mine: Ints) -> distinct.Users:
        ranks, level = np.unique(self.sampled_as[self.user[mine]]), 0
        while len(ranks) > distinct.KEPT:
            level += 1
            ranks = ranks[ranks < 1 << (distinct.BITS - level)]
        return distinct.Users(frozenset(ranks.tolist()), level)

    def _slowest(self, mine: Ints, rungs: Ints) -> slowest.Slowest:
        ranks = self.sampled_as[self.user[mine]]
        order = np.lexsort((ranks, -rungs))
        order = order[rungs[order] > 0]
        firsts = np.sort(np.unique(ranks[order], return_index=True)[1])[: slowest.KEPT]
        return {str(ranks[each]): LADDER_MS[rungs[each] - 1] for each in order[firsts]}

    def _times(self, which: Ints) -> Ints:
        """When requests ended, epoch milliseconds: evenly over their slot, in order."""
        slot = self.slot[which]
        begin = self.offsets[slot]
        within = (which - begin) * (SLOT_SECONDS * 1_000) // (self.offsets[slot + 1] - begin)
        at: Ints = (START + (self.first + slot) * SLOT_SECONDS) * 1_000 + within
        return at

    def completions(self, which: Ints) -> tuple[Completion, ...]:
        """How these requests ended."""
        ranks, users = self.requests.rank[self.user[which]], len(self.requests.bucket)
        return tuple(
            Completion(int(at), hashed(int(rank), users), bool(failed))
            for at, rank, failed in zip(self._times(which), ranks, self.failed[which], strict=True)
        )

    def causes(self, failed: Ints) -> Ints:
        """Why these requests failed, as indices into CAUSES."""
        requests, position = self.requests, self._all[4][failed]
        luck = requests.luck[position]
        of_slot = requests.cause[self.slot[failed] + self.first]
        part = luck / np.maximum(requests.chance[position], 1e-9)
        mixed = np.digitize(part, MIXED)
        cause = np.where(of_slot >= 0, of_slot, mixed)
        beyond = luck >= requests.chance[position]
        own = CAUSES.index(self.difference.cause)
        both = CAUSES.index(self.difference.shared_cause)
        told = np.where(self.candidate[failed] & (self.difference.errors is not None), own, both)
        if self.difference.leak:
            out = self.memory[self.slot[failed]] >= 1.0
            told = np.where(out, CAUSES.index("internal"), told)
        return np.where(beyond, told, cause)


def hashed(rank: int, users: int) -> str:
    """The keyed hash of one of so many users, as simulated: sorts by the rank, evenly spread."""
    return f"{(rank << 64) // users:016x}"


@cache
def sample_ranks(users: int) -> npt.NDArray[np.uint32]:
    """Of every keyed hash, its rank in samples of users."""
    return np.array([distinct.rank(hashed(each, users)) for each in range(users)], np.uint32)


def _named(names: tuple[str, ...] | list[str], counts: Ints) -> dict[str, int]:
    return {name: int(count) for name, count in zip(names, counts, strict=True) if count}
