"""What was written: descriptors, series and their points, for a day."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from google.api import metric_pb2

from local.monitoring import rules
from local.monitoring.rules import Last, Limits, Refusal, SeriesKey

POINTS_A_SERIES = 2_000
REFUSALS_KEPT = 200
NANOSECONDS = 10**9


@dataclass(frozen=True)
class Point:
    """Times in nanoseconds; `value` is the TypedValue as it was sent."""

    start: int
    end: int
    value: Any


@dataclass
class Series:
    """A series with its latest points, oldest first."""

    key: SeriesKey
    kind: int
    value_type: int
    points: deque[Point] = field(default_factory=lambda: deque(maxlen=POINTS_A_SERIES))
    received: int = 0

    @property
    def last(self) -> Last:
        return Last(self.points[-1].start, self.points[-1].end, self.received)

    def copy(self) -> Series:
        """As it stands now."""
        return replace(self, points=self.points.copy())


class Memory:
    """The state of the local server; safe to use from several threads."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.lock = threading.RLock()
        self.descriptors: dict[str, Any] = {}
        self.described_at: dict[str, int] = {}
        self.series: dict[SeriesKey, Series] = {}
        self.written = 0
        self.refused = 0
        self.refusals: deque[tuple[int, str]] = deque(maxlen=REFUSALS_KEPT)

    def describe(self, project: str, descriptor: Any, now_ns: int) -> Any:
        """Creates a metric descriptor, or changes it. Raises InvalidRequest."""
        with self.lock:
            rules.check_new_descriptor(descriptor, self.descriptors.get(descriptor.type))
            stored = metric_pb2.MetricDescriptor()
            stored.CopyFrom(descriptor)
            stored.name = f"projects/{project}/metricDescriptors/{descriptor.type}"
            self.descriptors[descriptor.type] = stored
            self.described_at.setdefault(descriptor.type, now_ns)
            return stored

    def forget(self, metric: str) -> bool:
        """Deletes a metric's descriptor with all that was written of it; False: there was none."""
        with self.lock:
            self.described_at.pop(metric, None)
            for key in [key for key in self.series if key.metric == metric]:
                del self.series[key]
            return self.descriptors.pop(metric, None) is not None

    def write(self, project: str, batch: Sequence[Any], now_ns: int) -> list[Refusal]:
        """Writes what can be written and says what can't. Raises InvalidRequest for all of it."""
        with self.lock:
            try:
                rules.check_request(batch, now_ns)
            except rules.InvalidRequest as problem:
                self._remember(now_ns, str(problem), len(batch))
                raise
            refusals = []
            seen: set[SeriesKey] = set()
            for index, series in enumerate(batch):
                reason = self._write_one(project, series, seen, now_ns)
                if reason:
                    refusals.append(Refusal(index, reason))
            if refusals:
                self._remember(now_ns, rules.refused_text(batch, refusals), len(refusals))
            return refusals

    def matching(self, conditions: Sequence[Any]) -> Iterator[Series]:
        """The series that meet every condition (filters.Condition)."""
        for series in list(self.series.values()):
            if all(condition.holds(series.key) for condition in conditions):
                yield series

    def _write_one(
        self, project: str, series: Any, seen: set[SeriesKey], now_ns: int
    ) -> str | None:
        key = rules.series_key(series, project)
        if key in seen:
            return rules.DUPLICATE
        seen.add(key)
        known = self.series.get(key)
        last = known.last if known else None
        descriptor = self.descriptors.get(series.metric.type)
        reason = rules.check_series(series, descriptor, last, self.limits, now_ns)
        if reason:
            return reason
        descriptor = descriptor or self._describe_by_use(project, series, now_ns)
        stored = known or Series(key, descriptor.metric_kind, descriptor.value_type)
        start, end = rules.interval_ns(series.points[0])
        stored.points.append(Point(start, end, series.points[0].value))
        stored.received = now_ns
        self.series[key] = stored
        self.written += 1
        return None

    def _describe_by_use(self, project: str, series: Any, now_ns: int) -> Any:
        """Cloud Monitoring makes a descriptor of a metric's first point."""
        descriptor = metric_pb2.MetricDescriptor(
            type=series.metric.type,
            metric_kind=series.metric_kind or rules.GAUGE,
            value_type=rules.VALUE_FIELDS[series.points[0].value.WhichOneof("value")],
            unit=series.unit,
        )
        for name in series.metric.labels:
            descriptor.labels.add(key=name)
        return self.describe(project, descriptor, now_ns)

    def _remember(self, now_ns: int, text: str, points: int) -> None:
        self.refused += points
        self.refusals.append((now_ns, text))
