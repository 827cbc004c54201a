"""Numbers of a series as a person wants to see them: rates of counters, percentiles. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from local.monitoring import rules
from local.monitoring.memory import Point, Series

PERCENTILE = 0.95


@dataclass(frozen=True)
class Line:
    """A line of a graph: its name, and (epoch seconds, value) in order of time."""

    name: str
    points: tuple[tuple[float, float], ...]


def line(series: Series, since: float) -> Line:
    """A series since a time. Counters are shown as what each interval added."""
    points = tuple(
        (point.end / 1e9, _value(point, before))
        for before, point in _pairs(series)
        if point.end / 1e9 >= since
    )
    return Line(name_of(series), points)


def name_of(series: Series) -> str:
    """Its labels' values; where it has none, those of its resource that tell it apart."""
    labels = dict(series.key.labels)
    if labels:
        first = [labels.pop(name) for name in ("service", "flag", "version") if name in labels]
        return " · ".join([*first, *(value for _, value in sorted(labels.items()))])
    resource = dict(series.key.resource_labels)
    return " · ".join(resource[n] for n in ("namespace", "job") if n in resource) or "all"


def measured(descriptor: Any) -> str:
    """What the numbers of a metric are, in words."""
    if descriptor.value_type == rules.DISTRIBUTION:
        return "95th percentile"
    return "each minute" if descriptor.metric_kind == rules.CUMULATIVE else "last value"


def _pairs(series: Series) -> Iterator[tuple[Point | None, Point]]:
    before = None
    for point in series.points:
        yield before, point
        before = point if series.kind == rules.CUMULATIVE else None


def _value(point: Point, before: Point | None) -> float:
    field = point.value.WhichOneof("value")
    if field == "distribution_value":
        return percentile(point.value.distribution_value)
    if field == "string_value":
        return 0.0
    value = float(getattr(point.value, field))
    goes_on = before is not None and before.start == point.start
    return value - float(getattr(before.value, field)) if before and goes_on else value


def percentile(distribution: Any, share: float = PERCENTILE) -> float:
    """A percentile of a distribution, as Cloud Monitoring estimates it."""
    counts = list(distribution.bucket_counts)
    bounds = edges(distribution.bucket_options)
    return within_buckets(counts, bounds, distribution.count, distribution.mean, share)


def within_buckets(
    counts: Sequence[float], bounds: Sequence[float], total: float, mean: float, share: float
) -> float:
    """Within the bucket that holds the share, in proportion; the mean when there are no buckets."""
    wanted = share * total
    seen = 0.0
    for number, count in enumerate(counts):
        if count and seen + count >= wanted:
            low = bounds[number - 1] if number else 0.0
            high = bounds[number] if number < len(bounds) else low
            return float(low + (high - low) * (wanted - seen) / count)
        seen += count
    return float(mean)


def edges(options: Any) -> Sequence[float]:
    """Where the buckets of a distribution meet."""
    kind = options.WhichOneof("options")
    if kind == "exponential_buckets":
        some = options.exponential_buckets
        return [some.scale * some.growth_factor**n for n in range(some.num_finite_buckets + 1)]
    if kind == "linear_buckets":
        some = options.linear_buckets
        return [some.offset + some.width * n for n in range(some.num_finite_buckets + 1)]
    return list(options.explicit_buckets.bounds)
