"""What a condition looks at: the series that its filter picks, aligned and reduced. Pure.

Only series with a point in the last day are looked at. Points that ended later than the time are
not known yet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.monitoring import filters
from local.monitoring.alerting import values
from local.monitoring.alerting.values import Sample, Spread, Value
from local.monitoring.memory import NANOSECONDS, Series

DAY = 86_400
MINUTE = 60

Labels = tuple[tuple[str, str], ...]
"""What tells series apart, by full name: metric.labels.service, resource.labels.job."""


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
            {k: v for k, v in self.above.items() if grouped(k, above) in groups},
            None
            if self.below is None
            else {k: v for k, v in self.below.items() if grouped(k, below) in groups},
            {k: v for k, v in self.begun.items() if k in groups},
        )


def inputs(threshold: Any, series: Iterable[Series], at: float, seconds: float) -> Inputs:
    """What a threshold looks at to be compared at moments of the last `seconds` before a time."""
    tops = matching(threshold.filter, series, at)
    below = None
    reach = seconds + _reach(threshold.aggregations)
    if threshold.denominator_filter:
        bottoms = matching(threshold.denominator_filter, series, at)
        below = _samples(bottoms, at - seconds - _reach(threshold.denominator_aggregations))
    begun: dict[Labels, float] = {}
    for some in tops:
        group = grouped(labels_of(some), threshold.aggregations)
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


def matching(text: str, series: Iterable[Series], at: float) -> list[Series]:
    """The series that a filter picks."""
    conditions = filters.parse(text)
    end, begin = at * NANOSECONDS, (at - DAY) * NANOSECONDS
    return [
        some
        for some in series
        if all(condition.holds(some.key) for condition in conditions)
        and any(begin < point.end <= end for point in reversed(some.points))
    ]


def _samples(series: Iterable[Series], since: float) -> dict[Labels, list[Sample]]:
    return {labels_of(some): values.samples(some, round(since * NANOSECONDS)) for some in series}


def _reach(aggregations: Iterable[Any]) -> int:
    """How far back a compared value looks (s)."""
    return MINUTE + sum(int(one.alignment_period.ToSeconds()) for one in aggregations)


def labels_of(series: Series) -> Labels:
    """All labels of a series."""
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


def grouped(labels: Labels, aggregations: Sequence[Any]) -> Labels:
    """What is left of a series' labels when aggregations have put it into a group."""
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
        groups.setdefault(grouped(labels, [last]), []).append(value)
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
