"""How the control was before its rollout began: what is compared with where no control is left,
and what "slow" means. Pure.

It is frozen when the split begins, so that a control that becomes ill later, or that nobody gets
any more, can't move it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.metrics.ladder import LADDER_MS
from functions.metrics.measures import Measure
from functions.metrics.performance import USUAL, Score
from functions.metrics.tally import Tally, merge_all
from functions.metrics.windows import Arm, Window
from functions.rollouts.sampled import estimate
from functions.stats.proportion import usual_upper

HISTORY_SECONDS = 7 * 86_400
"""A whole week: Sundays are not as Mondays."""

LEAST_REQUESTS = 200
"""Fewer say nothing of a 95th percentile: ten of them lie beyond it."""

SLOW_SHARE = 0.05
RUNGS = 3
"""A version that is slower throughout shows in the middle of the durations first, one with a few
slow requests at their end: the p95's rung and those below it are counted."""

COMMON_SHARE = 0.6
"""Above a rung that more requests exceed, there is little room to be slower."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """
    until      when it was frozen (epoch seconds)
    seconds    how long the stretches of time are together that it was measured in
    requests   that were served in them, by the control
    failing    what the share of failing requests exceeds in none of a day's hours, but on one
               day in a hundred (stats/proportion.py), 0 to 1; a user's repeats count once
               where users are known
    slow       {milliseconds of LADDER_MS: the same of the share that took longer}, ascending;
               the last is the first rung at or above the 95th percentile
    measures   what the plan names of the measures that the service reports
    score      how the service is scored
    """

    until: float
    seconds: float = 0.0
    requests: int = 0
    failing: float = 1.0
    slow: Mapping[int, float] = field(default_factory=dict)
    measures: Mapping[str, Measure] = field(default_factory=dict)
    score: Score = USUAL

    @property
    def known(self) -> bool:
        """Whether there is enough history to compare with."""
        return self.requests >= LEAST_REQUESTS

    @property
    def slow_ms(self) -> int | None:
        """The first rung at or above the control's 95th percentile; None without history, or when
        it lies beyond the ladder."""
        return max(self.slow, default=None)

    def to_document(self) -> dict[str, Any]:
        return {
            "until": self.until,
            "seconds": self.seconds,
            "requests": self.requests,
            "failing": self.failing,
            "slow": {str(rung): share for rung, share in self.slow.items()},
            "measures": {name: each.to_text() for name, each in self.measures.items()},
            "target_ms": self.score.target_ms,
            "error_weight": self.score.error_weight,
        }

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Baseline:
        slow = {int(rung): share for rung, share in data["slow"].items()}
        return Baseline(
            data["until"],
            data["seconds"],
            data["requests"],
            data["failing"],
            dict(sorted(slow.items())),
            {name: Measure.from_text(text) for name, text in data["measures"].items()},
            Score(data["target_ms"], data["error_weight"]),
        )


def freeze(
    arm: Arm, windows: Iterable[Window], names: Iterable[str], now: float, score: Score = USUAL
) -> Baseline:
    """Of the windows of an arm that ended by now; `names` are the measures to keep.

    Windows that overlap, as an hour and its slots, are the caller's to leave out.
    """
    own = [each for each in windows if each.arm == arm and now - HISTORY_SECONDS < each.end <= now]
    tallies = [each.tally for each in own]
    together = merge_all(tallies)
    measures = {name: together.measures[name] for name in names if name in together.measures}
    if together.served < LEAST_REQUESTS:
        seconds = float(sum(each.seconds for each in own))
        return Baseline(now, seconds, together.served, measures=measures, score=score)
    return Baseline(
        until=now,
        seconds=float(sum({each.start: each.seconds for each in own}.values())),
        requests=together.served,
        failing=usual_upper([tried_and_failing(tally) for tally in tallies]),
        slow=_slow(together, tallies),
        measures=measures,
        score=score,
    )


def tried_and_failing(tally: Tally) -> tuple[int, int]:
    """(failing users, requests without a user's repeats). Where users are not kept, failures stand
    for them; where a set of them is full, they are estimated."""
    users = len(tally.users_failing)
    if tally.failures and not users:
        return tally.failures, tally.served
    users = estimate(tally.users_failing, tally.failures)
    return users, tally.served - tally.failures + users


def _slow(together: Tally, tallies: Sequence[Tally]) -> dict[int, float]:
    """The shares that took longer than the p95's rung and than those below it."""
    served = together.served
    reached = [
        number
        for number, rung in enumerate(LADDER_MS)
        if together.above_ms(rung) <= SLOW_SHARE * served
    ]
    if not reached:
        return {}
    first = max(0, reached[0] - RUNGS + 1)
    rungs = LADDER_MS[first : reached[0]]
    common = [rung for rung in rungs if together.above_ms(rung) <= COMMON_SHARE * served]
    return {
        rung: usual_upper([(tally.above_ms(rung), tally.served) for tally in tallies])
        for rung in (*common, LADDER_MS[reached[0]])
    }
