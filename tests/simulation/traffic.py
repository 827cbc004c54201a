"""Traffic for simulated rollouts: slots of 10 s as instances would write them, from a seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from functions.metrics.completions import Completion
from functions.metrics.tally import Tally
from functions.metrics.windows import SLOT_SECONDS, Window, slot_start
from functions.rollouts.durations import DAY
from functions.rollouts.evidence import Evidence, fold, fresh
from functions.rollouts.look import NOTHING_TOLD, Move, Told, following
from functions.rollouts.plan import Criteria, Plan, Stage
from functions.rollouts.rollout import Rollout, Shift
from functions.rollouts.state import Phase, State

START = 1_800_000_000.0
KEPT_SECONDS = 300
CONTROL, CANDIDATE = "1.2.0", "1.3.0"

PLAN = Plan(
    "simulated", (Stage(10, DAY, 3 * DAY), Stage(100, DAY, 3 * DAY)), criteria=Criteria(1_000)
)

Rates = Callable[[float], tuple[float, float]]
"""Failures a request of candidate and control, at so many seconds after the shift."""


@dataclass
class Traffic:
    """Users ask `per_second` times; a user is in the same arm and has the same luck for a slot."""

    random: Random
    rates: Rates
    per_second: float = 10.0
    share: float = 0.1
    users: int = 20_000
    retries: int = 0
    cause: str = "candidate"

    def slot(self, start: int) -> list[Window]:
        rates = self.rates(start - START)
        shares = (self.share, 1.0 - self.share)
        windows = []
        for arm, share, rate in zip((CANDIDATE, CONTROL), shares, rates, strict=True):
            requests = self._count(self.per_second * SLOT_SECONDS * share)
            failures = self._binomial(requests, rate)
            windows.append(self._window(start, arm, share, requests, failures))
        return windows

    def _window(self, start: int, arm: str, share: float, requests: int, failures: int) -> Window:
        population = max(1, round(self.users * share))
        failing = [f"{arm}{self.random.randrange(population):06d}" for _ in range(failures)]
        again = failures * self.retries
        recent = [Completion(start * 1000, user, True) for user in failing]
        recent += [Completion(start * 1000, "well", False)] * (requests - failures)
        self.random.shuffle(recent)
        tally = Tally(
            requests=requests + again,
            failures=failures + again,
            causes={self.cause: failures + again} if failures else {},
            users_failing=frozenset(failing),
            recent=tuple(recent[-20:]),
        )
        return Window(start, SLOT_SECONDS, "stories", arm, 1, tally)

    def _count(self, mean: float) -> int:
        """A Poisson number, by the normal for large means."""
        if mean > 50:
            return max(0, round(self.random.gauss(mean, mean**0.5)))
        total, count = self.random.expovariate(1.0), 0
        while total < mean:
            total += self.random.expovariate(1.0)
            count += 1
        return count

    def _binomial(self, number: int, rate: float) -> int:
        return sum(self.random.random() < rate for _ in range(number)) if rate else 0


@dataclass
class Simulated:
    """A rollout at its first stage, watched every 10 s by the controller's own pure code."""

    traffic: Traffic
    plan: Plan = PLAN
    windows: list[Window] = field(default_factory=list)
    told: Callable[[float], Told] = lambda _now: NOTHING_TOLD
    """What other rooms say at a time."""

    def until(self, seconds: float) -> tuple[Move, float] | None:
        """The first move but waiting, and when; None when there was none."""
        rollout = self._rollout()
        evidence: Evidence = fresh(1, START)
        now = START
        while now - START < seconds:
            self.windows += self.traffic.slot(slot_start(now))
            now += SLOT_SECONDS
            move = following(rollout, evidence, self.windows, now, self.told(now))
            if move:
                return move, now - START
            evidence = fold(evidence, rollout.arms, self.windows, now)
            self.windows = [one for one in self.windows if one.start >= now - KEPT_SECONDS]
        return None

    def _rollout(self) -> Rollout:
        return Rollout(
            "r1",
            "stories.version",
            "stories",
            CONTROL,
            CANDIDATE,
            self.plan,
            START,
            "machine:simulation",
            "",
            state=State(Phase.BAKING, 0, START, START + 3 * DAY),
            shift=Shift(START, START, 1),
        )
