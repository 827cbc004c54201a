"""What a judge must find, and what it must not fall for: each many times, from seeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks.judging.play import Moved, Play, baseline
from benchmarks.judging.traffic import NONE, STEADY, Difference, Floats, World, requests
from functions.rollouts.own import AVAILABILITY
from functions.rollouts.plan import Criteria, Plan, Stage
from functions.rollouts.templates import TEMPLATES

HOUR, DAY = 3_600, 86_400
CANARY = Plan(
    "canary",
    (Stage(10, DAY, 3 * DAY), Stage(100, DAY, 3 * DAY)),
    criteria=Criteria(1_000),
)
"""A tenth of the users, all day."""

CHECKED = replace(
    CANARY,
    stages=(Stage(25, 6 * HOUR, DAY), Stage(100, DAY, 3 * DAY)),
    checks=tuple(each for each in TEMPLATES["canary"].checks if each.metric == AVAILABILITY),
)
"""A quarter of the users, and what the template of that name asks of every service."""

BEFORE = 10_000_000
"""Seeds of what was before begin here."""

BACK = ("rolled_back", "stepped_back")


def during(first: float, last: float, rate: float) -> Callable[[Floats], Floats]:
    """So many failures a request in that stretch of time, none besides."""
    return lambda at: (((at >= first) & (at < last)) * rate).astype(np.float32)


def always(rate: float) -> Callable[[Floats], Floats]:
    return lambda at: np.full_like(at, rate)


def spinnaker(at: Floats) -> Floats:
    """Errors a second of the canary in ten minutes, as in spinnaker/spinnaker#5622, at one request
    a second; the control had none. There the canary passed."""
    points = np.array([0, 0.048, 0, 0.18, 0.089, 0, 0.098, 0.035, 0, 0], np.float32)
    found: Floats = points[np.minimum(at // 60, 9).astype(np.int64)] * (at < 600)
    return found


@dataclass(frozen=True)
class Scenario:
    """
    title     for people
    counts    the moves that are looked for
    runs      how often it is played, `seconds` each
    """

    name: str
    title: str
    world: World
    difference: Difference
    runs: int
    seconds: int
    plan: Plan = CANARY
    counts: Sequence[str] = BACK


@dataclass
class Found:
    """In how many runs the first of the moves that count came when, and by which rule; in how many
    the rollout was paused."""

    runs: int = 0
    times: list[float] = field(default_factory=list)
    rules: Counter[str] = field(default_factory=Counter)
    paused: int = 0

    @property
    def share(self) -> float:
        return len(self.times) / self.runs if self.runs else 0.0

    @property
    def mean(self) -> float:
        return float(np.mean(self.times)) if self.times else float("inf")

    def percentile(self, share: float) -> float:
        """Over all runs: those that found nothing took for ever."""
        times = sorted(self.times) + [float("inf")] * (self.runs - len(self.times))
        return times[max(0, int(np.ceil(share * self.runs)) - 1)]


QUIET = replace(STEADY, prone=0.7, heavy=1.0, users_spread=0.3)
"""Users are unlike each other; nothing else happens."""

SPARSE = replace(QUIET, per_second=1.0)
"""A request to the candidate in ten seconds."""

SMALL = replace(CANARY, stages=(Stage(1, DAY, 3 * DAY), *CANARY.stages[1:]))
"""A hundredth of the users, all day."""

SCENARIOS: Sequence[Scenario] = (
    Scenario(
        "total",
        "the candidate fails always",
        QUIET,
        Difference(errors=always(1.0)),
        200,
        120,
    ),
    Scenario(
        "errors",
        "5 % of errors against 1 %",
        STEADY,
        Difference(errors=always(0.04)),
        400,
        HOUR,
    ),
    Scenario(
        "errors_unlike",
        "the same, of users who are unlike each other",
        QUIET,
        Difference(errors=always(0.04)),
        200,
        HOUR,
    ),
    Scenario(
        "incident",
        "both versions go from 1 % to 5 % for ten minutes",
        QUIET,
        Difference(shared=during(300, 900, 0.04)),
        1_000,
        1_500,
    ),
    Scenario(
        "upstream",
        "what both depend on fails in 60 % of requests, for ten minutes",
        QUIET,
        Difference(shared=during(300, 900, 0.6), shared_cause="upstream"),
        100,
        1_500,
    ),
    Scenario(
        "incident_sparse",
        "both versions fail in 70 % of requests for ten minutes, at one request a second",
        SPARSE,
        Difference(shared=during(300, 900, 0.7)),
        100,
        1_800,
    ),
    Scenario(
        "upstream_sparse",
        "what both depend on fails always for ten minutes, at one request a second",
        SPARSE,
        Difference(shared=during(300, 900, 1.0), shared_cause="upstream"),
        100,
        1_800,
    ),
    Scenario(
        "incident_small",
        "both versions fail in 70 % of requests for ten minutes, a hundredth have the candidate",
        QUIET,
        Difference(shared=during(300, 900, 0.7)),
        100,
        1_800,
        plan=SMALL,
    ),
    Scenario(
        "slow",
        "the candidate takes 1.5 times as long",
        replace(QUIET, drift=0.15, spread=0.5, users_spread=0.2),
        Difference(slower=1.5),
        200,
        HOUR,
    ),
    Scenario(
        "leak_fast",
        "the candidate leaks memory that both share: full after five minutes",
        QUIET,
        Difference(leak=0.55 / 300),
        60,
        HOUR,
    ),
    Scenario(
        "leak_slow",
        "the same, full after an hour and a half",
        QUIET,
        Difference(leak=0.55 / 5_400),
        20,
        3 * HOUR,
        counts=(*BACK, "paused"),
    ),
    Scenario(
        "retries",
        "both healthy, clients try five times again after a failure",
        replace(QUIET, users=2_000),
        Difference(retries=5),
        100,
        HOUR,
    ),
    Scenario(
        "spinnaker",
        "the control without errors, the canary failing half the time",
        replace(QUIET, error_rate=0.0),
        Difference(errors=spinnaker),
        200,
        660,
    ),
    Scenario(
        "checks",
        "both healthy, 0.5 % of errors where a check bears 1 %",
        replace(QUIET, error_rate=0.005),
        NONE,
        20,
        2 * HOUR,
        CHECKED,
    ),
)


def play(scenario: Scenario, seed: int) -> list[Moved]:
    asked = requests(scenario.world, seed, scenario.seconds)
    before = baseline(requests(scenario.world, BEFORE + seed, 2 * HOUR))
    return Play(asked, scenario.plan, scenario.difference, before=before).moves()


def found(scenario: Scenario, runs: int | None = None) -> Found:
    """Plays it so often: as often as it says, unless told otherwise."""
    result = Found(runs or scenario.runs)
    for seed in range(result.runs):
        moves = play(scenario, seed)
        result.paused += any(move.kind == "paused" for move in moves)
        counted = [move for move in moves if move.kind in scenario.counts]
        if counted:
            result.times.append(counted[0].seconds)
            result.rules[counted[0].rule] += 1
    return result


HEALTHY = NONE
"""What a healthy candidate does differently."""
