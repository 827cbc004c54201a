"""What windows add to an objective's counts: how much there was, how much of it was bad. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from functions.alerts.objectives.objective import Kind, Objective
from functions.metrics.hours import kind as kind_of
from functions.metrics.measures import PARTS, Measure
from functions.metrics.performance import Score, score, score_of
from functions.metrics.tally import Tally, merge_all
from functions.metrics.windows import Window

OWN = ("", "pinned")
"""Which arms' requests are people's: a version's own, and those of people who had chosen it."""

TEST = "test"
"""What a test of alerts made up, beside any version."""


class Count(NamedTuple):
    """`total` events, of which `bad` were bad: in thousandths, so that a value of 0.8 of 1 is
    added up exactly."""

    total: int = 0
    bad: int = 0

    def plus(self, other: Count) -> Count:
        return Count(self.total + other.total, self.bad + other.bad)

    def less(self, other: Count) -> Count:
        return Count(self.total - other.total, self.bad - other.bad)

    @property
    def bad_share(self) -> float | None:
        """0 to 1; None of nothing."""
        return self.bad / (PARTS * self.total) if self.total else None


NOTHING = Count()


def count(objective: Objective, windows: Iterable[Window], scores: Mapping[str, Score]) -> Count:
    """What the windows of one minute add up to. `scores` by service, where somebody gave one."""
    counted = [window.tally for window in windows if _counts(objective, window)]
    if objective.kind is Kind.PERFORMANCE:
        found = score(merge_all(counted), score_of(objective.service, scores))
        return NOTHING if found is None else Count(1, PARTS * (found < objective.least))
    return total(_one(objective, tally) for tally in counted)


def past(objective: Objective, hours: Sequence[Window]) -> Count:
    """What one hour's sums say; a performance score is of minutes and can't be told from them."""
    if objective.kind is Kind.PERFORMANCE:
        return NOTHING
    return count(objective, hours, {})


def beyond(objective: Objective, windows: Iterable[Window]) -> int:
    """How many values count nowhere, since among them are some that no share can be."""
    if objective.kind is not Kind.MEASURE:
        return 0
    found = (each.tally.measure(objective.metric) for each in windows if _counts(objective, each))
    return sum(measure.count for measure in found if not _shares(measure))


def total(counts: Iterable[Count]) -> Count:
    """All of them together."""
    events = bad = 0
    for one in counts:
        events += one.total
        bad += one.bad
    return Count(events, bad)


def _counts(objective: Objective, window: Window) -> bool:
    if window.service != objective.service:
        return False
    aside = kind_of(window.version)
    return aside != TEST if objective.metric else aside in OWN


def _one(objective: Objective, tally: Tally) -> Count:
    if objective.kind is Kind.AVAILABILITY:
        return Count(tally.served, PARTS * tally.failures)
    if objective.kind is Kind.LATENCY and objective.metric:
        timing = tally.timing(objective.metric)
        return Count(timing.count, PARTS * timing.above_ms(objective.threshold_ms))
    if objective.kind is Kind.LATENCY:
        return Count(tally.served, PARTS * tally.above_ms(objective.threshold_ms))
    measure = tally.measure(objective.metric)
    if not _shares(measure):
        return NOTHING
    bad = measure.thousandths
    return Count(measure.count, bad if objective.lower else PARTS * measure.count - bad)


def _shares(measure: Measure) -> bool:
    """Whether its values can all be 0 to 1: then none is below its square. Of 0 and 1 alone it says
    so of each; among others a few beyond may hide."""
    within = 0 <= measure.thousandths <= PARTS * measure.count
    return within and measure.squares <= PARTS * measure.thousandths
