"""The numbers that a plan's checks and criteria watch, as sums that add up. Pure.

Each is a mean of values, one a request, a health check or an event: so counts, sums and squares
say all of it, and any stretch of time can be judged, however it was put together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from functions.metrics import measures
from functions.metrics.measures import NONE, PARTS, Measure
from functions.metrics.performance import FRUSTRATED, USUAL, Score
from functions.metrics.tally import Tally
from functions.rollouts.baseline import SLOW_SHARE, tried_and_failing
from functions.rollouts.check import Check
from functions.rollouts.own import AVAILABILITY, P95, PERFORMANCE
from functions.stats.confidence_sequence import Sample

Sums = Mapping[str, Measure]
"""By the names of parts: `availability`, `apdex:500`, `slower:200`, or a measure's own."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was watched of both arms in [since, until), epoch seconds."""

    since: int
    until: int
    candidate: Sums
    control: Sums

    def add(self, other: Stretch) -> Stretch:
        return Stretch(
            min(self.since, other.since),
            max(self.until, other.until),
            measures.merge(self.candidate, other.candidate),
            measures.merge(self.control, other.control),
        )

    def to_document(self) -> dict[str, object]:
        return {
            "since": self.since,
            "until": self.until,
            "candidate": {name: each.to_text() for name, each in self.candidate.items()},
            "control": {name: each.to_text() for name, each in self.control.items()},
        }

    @staticmethod
    def from_document(data: Mapping[str, object]) -> Stretch:
        def read(arm: object) -> Sums:
            given = arm if isinstance(arm, Mapping) else {}
            return {name: Measure.from_text(text) for name, text in given.items()}

        since, until = int(str(data["since"])), int(str(data["until"]))
        return Stretch(since, until, read(data["candidate"]), read(data["control"]))


def parts(checks: Iterable[Check], score: Score = USUAL) -> tuple[str, ...]:
    """What must be summed up for these."""
    return tuple(sorted({part for check in checks for part in parts_of(check, score)}))


def parts_of(check: Check, score: Score = USUAL) -> tuple[str, ...]:
    """Of a check, the first being the one whose values count as its samples."""
    if check.metric == PERFORMANCE:
        return AVAILABILITY, f"apdex:{score.target_ms}"
    if check.metric == P95:
        return (f"slower:{check.above or 0:.0f}",)
    return (check.metric,)


def sums(tally: Tally, named: Iterable[str]) -> dict[str, Measure]:
    """The parts of a tally; those of which there is nothing are left out."""
    found = {name: _part(tally, name) for name in named}
    return {name: measure for name, measure in found.items() if measure.count}


def value(check: Check, of: Sums, score: Score = USUAL) -> float | None:
    """What the check compares with its bounds; of `p95_ms` the share of requests that took longer
    than its bound. None without values."""
    names = parts_of(check, score)
    means = [of.get(name, NONE).mean for name in names]
    if any(mean is None for mean in means):
        return None
    if check.metric == PERFORMANCE:
        answered, fast = means[0] or 0.0, means[1] or 0.0
        return 100.0 * fast * max(0.0, 1.0 - score.error_weight * (1.0 - answered))
    return means[0]


def broken(check: Check, found: float) -> bool:
    """Whether a value lies beyond a bound of the check."""
    if check.metric == P95:
        return found > SLOW_SHARE
    too_low = check.below is not None and found < check.below
    return too_low or (check.above is not None and found > check.above)


def samples(check: Check, of: Sums, score: Score = USUAL) -> int:
    """How many values there are."""
    return of.get(parts_of(check, score)[0], NONE).count


def sample(measure: Measure) -> Sample:
    return Sample(measure.count, measure.mean or 0.0, measure.variance or 0.0)


def ones(measure: Measure) -> int | None:
    """How many of the values are 1, where all the others are 0; None where some are neither."""
    count, rest = divmod(measure.thousandths, PARTS)
    zeros_and_ones = measure.squares == PARTS * measure.thousandths and not rest
    return count if zeros_and_ones and 0 <= count <= measure.count else None


def _part(tally: Tally, name: str) -> Measure:
    kind, _, rung = name.partition(":")
    if kind == AVAILABILITY:
        failed, tried = tried_and_failing(tally)
        return _ones(tried, tried - failed)
    if kind == "slower":
        return _ones(tally.served, tally.above_ms(int(rung)))
    if kind == "apdex":
        return _apdex(tally, int(rung))
    return tally.measure(name)


def _ones(count: int, ones: int) -> Measure:
    """So many values, of which some are 1 and the others 0."""
    return Measure(count, PARTS * ones, PARTS * PARTS * ones) if count > 0 else NONE


def _apdex(tally: Tally, target_ms: int) -> Measure:
    """1 for what was fast, a half for what was bearable, 0 for the rest."""
    if not tally.served:
        return NONE
    slow = tally.above_ms(target_ms)
    bearable = slow - tally.above_ms(FRUSTRATED * target_ms)
    half = PARTS // 2
    fast = tally.served - slow
    return Measure(
        tally.served, PARTS * fast + half * bearable, PARTS**2 * fast + half**2 * bearable
    )
