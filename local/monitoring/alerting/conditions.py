"""Conditions of a policy, evaluated as of a time. Pure: series and a time in, readings out.

A threshold holds when the aligned value is beyond it now and was at every minute of the duration,
its beginning included: a duration of 60 s takes two minutes' values in a row, 0 s takes one. So a
single outlier opens nothing when a duration is given. What a minute without data counts as is the
condition's choice: false (inactive), true (active), or neither (no-op): a gap within the duration
is passed over, and now it changes nothing.

Only series with a point in the last day are looked at. Points that ended later than the time are
not known yet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.cloud import monitoring_v3

from local.monitoring import filters
from local.monitoring.alerting import values
from local.monitoring.alerting.values import Sample, Spread, Value
from local.monitoring.memory import NANOSECONDS, Series

DAY = 86_400
MINUTE = 60

Comparison = monitoring_v3.ComparisonType
Missing = monitoring_v3.AlertPolicy.Condition.EvaluationMissingData
Labels = tuple[tuple[str, str], ...]
"""What tells series apart, by full name: metric.labels.service, resource.labels.job."""


@dataclass(frozen=True)
class Reading:
    """A series, or a group of several, as a condition sees it at a time.

    value     what is compared; of an absence the seconds since the last point; None without data
    breached  whether the value is beyond the threshold now; None when that can't be said
    since     since when it has been so (epoch seconds), as far back as the duration reaches
    holds     whether that is long enough
    """

    labels: Labels
    value: float | None
    breached: bool | None
    since: float | None
    holds: bool


@dataclass(frozen=True)
class Outcome:
    """A condition at a time: its readings, and whether enough of them hold."""

    readings: tuple[Reading, ...]
    met: bool


def evaluate(condition: Any, series: Iterable[Series], at: float) -> Outcome:
    """A condition as of a time (epoch seconds)."""
    series = list(series)
    kind = condition.WhichOneof("condition")
    content = getattr(condition, kind)
    if kind == "condition_absent":
        readings = _absence(content, series, at)
    else:
        readings = _threshold(content, series, at)
    return Outcome(tuple(readings), _enough(content.trigger, readings))


@dataclass(frozen=True)
class Inputs:
    """The series of a threshold, as samples; `below` are those of the denominator, if it has one.

    It is made once, for all moments up to a time. `begun` says when each group had its first point
    (epoch seconds).
    """

    above: Mapping[Labels, Sequence[Sample]]
    below: Mapping[Labels, Sequence[Sample]] | None
    begun: Mapping[Labels, float]

    def only(self, groups: Collection[Labels], threshold: Any) -> Inputs:
        """What makes up some of the groups."""
        above, below = threshold.aggregations, threshold.denominator_aggregations
        return Inputs(
            {k: v for k, v in self.above.items() if _grouped(k, above) in groups},
            None
            if self.below is None
            else {k: v for k, v in self.below.items() if _grouped(k, below) in groups},
            {k: v for k, v in self.begun.items() if k in groups},
        )


def inputs(threshold: Any, series: Iterable[Series], at: float, seconds: float) -> Inputs:
    """What a threshold looks at to be compared at moments of the last `seconds` before a time."""
    tops = _matching(threshold.filter, series, at)
    below = None
    reach = seconds + _reach(threshold.aggregations)
    if threshold.denominator_filter:
        bottoms = _matching(threshold.denominator_filter, series, at)
        below = _samples(bottoms, at - seconds - _reach(threshold.denominator_aggregations))
    begun: dict[Labels, float] = {}
    for some in tops:
        group = _grouped(_labels(some), threshold.aggregations)
        begun[group] = min(begun.get(group, at), some.points[0].end / NANOSECONDS)
    return Inputs(_samples(tops, at - reach), below, begun)


def compared(threshold: Any, given: Inputs, at: float) -> dict[Labels, float]:
    """What is compared with the threshold at a time, by group."""
    tops = _numbers(_aligned(threshold.aggregations, given.above, at))
    if given.below is None:
        return tops
    bottoms = _numbers(_aligned(threshold.denominator_aggregations, given.below, at))
    return {
        labels: tops[labels] / bottom
        for labels, bottom in bottoms.items()
        if labels in tops and bottom
    }


def _threshold(threshold: Any, series: Iterable[Series], at: float) -> list[Reading]:
    seconds = int(threshold.duration.ToSeconds())
    given = inputs(threshold, series, at, seconds)
    steps = range(seconds // MINUTE, -1, -1)
    moments = [at - MINUTE * step for step in steps]
    by_moment = [compared(threshold, given, moment) for moment in moments]
    return [
        _judged(threshold, labels, moments, [found.get(labels) for found in by_moment], first)
        for labels, first in sorted(given.begun.items())
    ]


def _judged(
    threshold: Any,
    labels: Labels,
    moments: Sequence[float],
    found: Sequence[float | None],
    begun: float,
) -> Reading:
    """`begun` is when the series had its first point: nothing was missing before."""
    verdicts = [
        _beyond(threshold, value) if moment >= begun else None
        for moment, value in zip(moments, found, strict=True)
    ]
    since = None
    for moment, verdict in zip(reversed(moments), reversed(verdicts), strict=True):
        if verdict is False:
            break
        since = moment if verdict else since
    held = verdicts[-1] is True and since == moments[0]
    return Reading(labels, found[-1], verdicts[-1], since if verdicts[-1] else None, held)


def _beyond(threshold: Any, value: float | None) -> bool | None:
    if value is None:
        missing = threshold.evaluation_missing_data
        if missing == Missing.EVALUATION_MISSING_DATA_INACTIVE:
            return False
        return True if missing == Missing.EVALUATION_MISSING_DATA_ACTIVE else None
    if threshold.comparison == Comparison.COMPARISON_LT:
        return bool(value < threshold.threshold_value)
    return bool(value > threshold.threshold_value)


def _absence(absence: Any, series: Sequence[Series], at: float) -> list[Reading]:
    last: dict[Labels, int] = {}
    for some in _matching(absence.filter, series, at):
        group = _grouped(_labels(some), absence.aggregations)
        ends = [point.end for point in some.points if point.end <= at * NANOSECONDS]
        last[group] = max(last.get(group, 0), ends[-1])
    readings = []
    for labels, end in sorted(last.items()):
        silent = at - end / NANOSECONDS
        gone = silent >= absence.duration.ToSeconds()
        since = end / NANOSECONDS if silent >= MINUTE else None
        readings.append(Reading(labels, silent, gone, since, gone))
    return readings


def _enough(trigger: Any, readings: Sequence[Reading]) -> bool:
    holding = sum(reading.holds for reading in readings)
    if trigger.WhichOneof("type") == "percent":
        return holding > 0 and holding * 100 >= trigger.percent * len(readings)
    return holding >= max(1, int(trigger.count))


def _matching(text: str, series: Iterable[Series], at: float) -> list[Series]:
    conditions = filters.parse(text)
    end, begin = at * NANOSECONDS, (at - DAY) * NANOSECONDS
    return [
        some
        for some in series
        if all(condition.holds(some.key) for condition in conditions)
        and any(begin < point.end <= end for point in reversed(some.points))
    ]


def _samples(series: Iterable[Series], since: float) -> dict[Labels, list[Sample]]:
    return {_labels(some): values.samples(some, round(since * NANOSECONDS)) for some in series}


def _reach(aggregations: Iterable[Any]) -> int:
    """How far back a compared value looks (s)."""
    return MINUTE + sum(int(one.alignment_period.ToSeconds()) for one in aggregations)


def _labels(series: Series) -> Labels:
    key = series.key
    return tuple(
        sorted(
            [
                *((f"metric.labels.{name}", value) for name, value in key.labels),
                *((f"resource.labels.{name}", value) for name, value in key.resource_labels),
                ("resource.type", key.resource),
            ]
        )
    )


def _grouped(labels: Labels, aggregations: Sequence[Any]) -> Labels:
    for aggregation in aggregations:
        if not aggregation.cross_series_reducer:
            continue
        fields = {field.replace(".label.", ".labels.") for field in aggregation.group_by_fields}
        labels = tuple(pair for pair in labels if pair[0] in fields or pair[0] == "resource.type")
    return labels


def _aligned(
    aggregations: Sequence[Any], given: Mapping[Labels, Sequence[Sample]], at: float
) -> dict[Labels, Value]:
    """What comes out of all aggregations at a time: the last is fed by those before it."""
    if not aggregations:
        return _each(0, given, at, MINUTE)
    *before, last = aggregations
    raw = not last.per_series_aligner
    period = MINUTE if raw else int(last.alignment_period.ToSeconds())
    if before:
        given = _steps(before, given, at, period)
    found = _each(last.per_series_aligner, given, at, period)
    if not last.cross_series_reducer:
        return found
    groups: dict[Labels, list[Value]] = {}
    for labels, value in found.items():
        groups.setdefault(_grouped(labels, [last]), []).append(value)
    return {
        labels: values.reduce(last.cross_series_reducer, some) for labels, some in groups.items()
    }


def _steps(
    before: Sequence[Any], given: Mapping[Labels, Sequence[Sample]], at: float, period: int
) -> dict[Labels, list[Sample]]:
    """What the aggregations before yield at each step of a period, oldest first."""
    length = int(before[-1].alignment_period.ToSeconds()) or MINUTE
    fed: dict[Labels, list[Sample]] = {}
    for number in range((period - 1) // length, -1, -1):
        moment = at - number * length
        end = round(moment * NANOSECONDS)
        for labels, value in _aligned(before, given, moment).items():
            fed.setdefault(labels, []).append(Sample(end - length * NANOSECONDS, end, value))
    return fed


def _each(
    aligner: int, given: Mapping[Labels, Sequence[Sample]], at: float, period: int
) -> dict[Labels, Value]:
    end = round(at * NANOSECONDS)
    begin = end - period * NANOSECONDS
    aligned = {
        labels: values.align(aligner, samples, begin, end) for labels, samples in given.items()
    }
    return {labels: value for labels, value in aligned.items() if value is not None}


def _numbers(found: Mapping[Labels, Value]) -> dict[Labels, float]:
    return {labels: value for labels, value in found.items() if not isinstance(value, Spread)}
