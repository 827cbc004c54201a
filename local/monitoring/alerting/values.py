"""Values over time, and what a period of them comes to. Pure.

Times are in nanoseconds. A value is a number or a distribution; booleans are 0 and 1. A sample of
a counter is what was added in its interval, one of a gauge stands at a moment.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from local.monitoring import figures
from local.monitoring.alerting.aggregation import (
    PERCENTILES,
    REDUCED_PERCENTILES,
    Aligner,
    Reducer,
)
from local.monitoring.memory import NANOSECONDS, Point, Series
from local.monitoring.rules import CUMULATIVE


@dataclass(frozen=True)
class Spread:
    """A distribution: its count and mean, and how many fell into which bucket.

    Buckets may hold parts of a count: a period may cover a part of a sample.
    """

    count: float
    mean: float
    edges: tuple[float, ...]
    counts: tuple[float, ...]

    def scaled(self, share: float) -> Spread:
        parts = tuple(count * share for count in self.counts)
        return Spread(self.count * share, self.mean, self.edges, parts)


Value = float | Spread

# As plain numbers: comparing with an enum of the client package takes longer than aligning.
DELTA = int(Aligner.ALIGN_DELTA)
ADDED = frozenset({DELTA, int(Aligner.ALIGN_RATE)})
LATEST = frozenset({int(Aligner.ALIGN_NONE), int(Aligner.ALIGN_NEXT_OLDER)})


class Sample(NamedTuple):
    """A value for (start, end]; for a gauge both are the moment."""

    start: int
    end: int
    value: Value


def samples(series: Series, since: int = 0) -> list[Sample]:
    """What ended at `since` or later, oldest first. A counter that began anew counts from there."""
    found: list[Sample] = []
    points = reversed(series.points)
    point = next(points, None)
    while point is not None and point.end >= since:
        before = next(points, None)
        found.append(_sample(point, before if series.kind == CUMULATIVE else None, series.kind))
        point = before
    found.reverse()
    return found


def _sample(point: Point, before: Point | None, kind: int) -> Sample:
    value = _value(point.value)
    if kind != CUMULATIVE:
        return Sample(point.end, point.end, value)
    if before is None or before.start != point.start:
        return Sample(point.start, point.end, value)
    return Sample(before.end, point.end, _minus(value, _value(before.value)))


def align(aligner: int, given: Sequence[Sample], begin: int, end: int) -> Value | None:
    """What the samples in (begin, end] come to; None when there are none."""
    first = bisect_right(given, begin, key=_end)
    inside = given[first : bisect_right(given, end, first, key=_end)]
    if not inside:
        return None
    values = [sample.value for sample in inside]
    if aligner in LATEST:
        return values[-1]
    if aligner in ADDED:
        added = _sum([_part(sample, begin) for sample in inside])
        if aligner == DELTA or isinstance(added, Spread):
            return added
        return added * NANOSECONDS / (end - begin)
    return _summary(*_ALIGNED[aligner], values)


def _end(sample: Sample) -> int:
    return sample.end


def reduce(reducer: int, values: Sequence[Value]) -> Value:
    """What the values of several series, at least one, come to."""
    return _summary(*_REDUCED[reducer], values)


_ALIGNED: Mapping[int, tuple[str, float | None]] = {
    **{
        int(aligner): (name, None)
        for aligner, name in (
            (Aligner.ALIGN_MIN, "min"),
            (Aligner.ALIGN_MAX, "max"),
            (Aligner.ALIGN_MEAN, "mean"),
            (Aligner.ALIGN_COUNT, "count"),
            (Aligner.ALIGN_SUM, "sum"),
            (Aligner.ALIGN_STDDEV, "deviation"),
            (Aligner.ALIGN_COUNT_TRUE, "sum"),
            (Aligner.ALIGN_COUNT_FALSE, "zeros"),
            (Aligner.ALIGN_FRACTION_TRUE, "mean"),
        )
    },
    **{int(aligner): ("percentile", share) for aligner, share in PERCENTILES.items()},
}
_REDUCED: Mapping[int, tuple[str, float | None]] = {
    **{
        int(reducer): (name, None)
        for reducer, name in (
            (Reducer.REDUCE_MIN, "min"),
            (Reducer.REDUCE_MAX, "max"),
            (Reducer.REDUCE_MEAN, "mean"),
            (Reducer.REDUCE_COUNT, "count"),
            (Reducer.REDUCE_SUM, "sum"),
            (Reducer.REDUCE_STDDEV, "deviation"),
            (Reducer.REDUCE_COUNT_TRUE, "sum"),
            (Reducer.REDUCE_COUNT_FALSE, "zeros"),
            (Reducer.REDUCE_FRACTION_TRUE, "mean"),
        )
    },
    **{int(reducer): ("percentile", share) for reducer, share in REDUCED_PERCENTILES.items()},
}


def _summary(name: str, share: float | None, values: Sequence[Value]) -> Value:
    if name == "count":
        return float(len(values))
    if name == "sum":
        return _sum(values)
    spreads = [value for value in values if isinstance(value, Spread)]
    if spreads:
        whole = _merged(spreads)
        return whole.mean if share is None else _percentile(whole, share)
    numbers = [value for value in values if not isinstance(value, Spread)]
    return _of_numbers(name, share, numbers)


def _of_numbers(name: str, share: float | None, numbers: Sequence[float]) -> float:
    if share is not None:
        return sorted(numbers)[max(0, math.ceil(share * len(numbers)) - 1)]
    if name == "min":
        return min(numbers)
    if name == "max":
        return max(numbers)
    if name == "zeros":
        return float(sum(not number for number in numbers))
    mean = math.fsum(numbers) / len(numbers)
    if name == "mean":
        return mean
    return math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / len(numbers))


def _sum(values: Sequence[Value]) -> Value:
    spreads = [value for value in values if isinstance(value, Spread)]
    if spreads:
        return _merged(spreads)
    return math.fsum(value for value in values if not isinstance(value, Spread))


def _part(sample: Sample, begin: int) -> Value:
    """The part of a counter's sample that lies after `begin`, in proportion."""
    length = sample.end - sample.start
    share = min(1.0, (sample.end - begin) / length) if length > 0 else 1.0
    value = sample.value
    return value.scaled(share) if isinstance(value, Spread) else value * share


def _merged(spreads: Sequence[Spread]) -> Spread:
    """All together. Those with other buckets than the first count by their mean alone."""
    first = spreads[0]
    count = math.fsum(one.count for one in spreads)
    mean = math.fsum(one.count * one.mean for one in spreads) / count if count else 0.0
    counts = [0.0] * (len(first.edges) + 1)
    for one in spreads:
        alike = one.edges == first.edges
        for place, number in enumerate(one.counts if alike else ()):
            counts[place] += number
        if not alike:
            counts[bisect_right(first.edges, one.mean)] += one.count
    return Spread(count, mean, first.edges, tuple(counts))


def _percentile(spread: Spread, share: float) -> float:
    return figures.within_buckets(spread.counts, spread.edges, spread.count, spread.mean, share)


def _minus(value: Value, before: Value) -> Value:
    """What was added to a counter; a counter that went down began anew."""
    if isinstance(value, Spread) and isinstance(before, Spread):
        count = value.count - before.count
        if count < 0 or value.edges != before.edges:
            return value
        total = value.count * value.mean - before.count * before.mean
        earlier = (*before.counts, *(0.0 for _ in value.counts))
        counts = tuple(new - old for new, old in zip(value.counts, earlier, strict=False))
        return Spread(count, total / count if count else 0.0, value.edges, counts)
    if isinstance(value, Spread) or isinstance(before, Spread):
        return value
    return value - before if value >= before else value


def _value(typed: Any) -> Value:
    field = typed.WhichOneof("value")
    if field == "distribution_value":
        return _spread(typed.distribution_value)
    return 0.0 if field == "string_value" else float(getattr(typed, field))


def _spread(distribution: Any) -> Spread:
    edges = tuple(figures.edges(distribution.bucket_options))
    counts: Iterable[float] = (float(count) for count in distribution.bucket_counts)
    return Spread(float(distribution.count), float(distribution.mean), edges, tuple(counts))
