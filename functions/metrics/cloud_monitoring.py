"""Cloud Monitoring: the one sink for points, and the only file that imports its client.

The client is imported and built when first used: it costs 130 ms of CPU and is never needed to
serve a request. With an address given (`PALIER_MONITORING_ADDRESS`) it talks to a server on this
machine without transport security; without one to Google, with the function's own credentials.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from functions.documents import Scope
from functions.metrics import histogram, series
from functions.metrics.series import Distribution, Metric, Point

SERIES_A_REQUEST = 200
RESOURCE = "generic_task"
TASK = "palier"
COULD_NOT = "One or more TimeSeries could not be written: "
TOO_OFTEN = "written more frequently than the maximum sampling period"
OUT_OF_ORDER = "Points must be written in order"


class SinkUnavailable(Exception):
    """Nothing is known to be written: out of reach, out of time, or not allowed in. Try later."""


@dataclass(frozen=True)
class Sent:
    """What became of the points handed over.

    stale      refused because the series has that minute already, or a later one
    too_often  refused because they came too soon after others: they can be written later
    refused    refused for good; `reason` says why
    """

    written: int
    stale: int = 0
    too_often: int = 0
    refused: int = 0
    reason: str = ""


class CloudMonitoring:
    """Writes points of Palier's environments as time series of a Google Cloud project."""

    def __init__(self, project: str, address: str = "", location: str = "global") -> None:
        """`location` is the region named in the resource; `address` is host:port or ""."""
        self._project = f"projects/{project}"
        self._address = address
        self._location = location
        self._made: Any = None

    def prepare(self, metrics: Iterable[Metric], timeout: float) -> None:
        """Creates the descriptors; those that exist stay. Raises SinkUnavailable."""
        until = time.monotonic() + timeout
        for metric in metrics:
            self._call(
                "create_metric_descriptor",
                {"name": self._project, "metric_descriptor": _descriptor(metric)},
                until,
            )

    def write(self, scope: Scope, points: Sequence[Point], timeout: float) -> Sent:
        """Writes points, one a series. Raises SinkUnavailable: some may be written all the same."""
        until = time.monotonic() + timeout
        total = Sent(0)
        for first in range(0, len(points), SERIES_A_REQUEST):
            batch = points[first : first + SERIES_A_REQUEST]
            total = _add(total, self._write_batch(scope, batch, until))
        return total

    def present(
        self, scope: Scope, metrics: Iterable[Metric], end: int, timeout: float
    ) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
        """The series (Point.identity) that have a point ending at `end`. Raises SinkUnavailable."""
        until = time.monotonic() + timeout
        where = f'resource.labels.namespace = "{scope.application}"'
        where += f' AND resource.labels.job = "{scope.environment}"'
        where += f' AND resource.labels.location = "{self._location}"'
        interval = {"start_time": _moment(end - 1), "end_time": _moment(end)}
        found: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
        for metric in metrics:
            request = {
                "name": self._project,
                "filter": f'metric.type = "{metric.type}" AND {where}',
                "interval": interval,
                "view": "HEADERS",
            }
            for one in self._call("list_time_series", request, until):
                found.add((one.metric.type, tuple(sorted(one.metric.labels.items()))))
        return found

    def _write_batch(self, scope: Scope, batch: Sequence[Point], until: float) -> Sent:
        from google.api_core.exceptions import InvalidArgument

        request = {
            "name": self._project,
            "time_series": [_time_series(point, scope, self._location) for point in batch],
        }
        try:
            self._call("create_time_series", request, until)
        except InvalidArgument as refusal:
            return read_refusal(refusal, len(batch))
        return Sent(len(batch))

    def _call(self, name: str, request: dict[str, Any], until: float) -> Any:
        """Raises SinkUnavailable, or InvalidArgument for what Cloud Monitoring won't take.

        `until` (of the monotonic clock) ends all calls of one task together.
        """
        from google.api_core.exceptions import GoogleAPICallError, InvalidArgument, RetryError
        from google.auth.exceptions import GoogleAuthError

        timeout = until - time.monotonic()
        if timeout <= 0:
            raise SinkUnavailable("out of time")
        try:
            answer = getattr(self._client(), name)(request=request, timeout=timeout, retry=None)
            return list(answer) if name.startswith("list_") else answer
        except InvalidArgument:
            raise
        except (GoogleAPICallError, RetryError, GoogleAuthError) as error:
            raise SinkUnavailable(type(error).__name__) from error

    def _client(self) -> Any:
        if self._made is None:
            from google.cloud import monitoring_v3

            if self._address:
                import grpc
                from google.cloud.monitoring_v3.services.metric_service.transports import (
                    MetricServiceGrpcTransport,
                )

                channel = grpc.insecure_channel(self._address)
                transport = MetricServiceGrpcTransport(channel=channel)
                self._made = monitoring_v3.MetricServiceClient(transport=transport)
            else:
                self._made = monitoring_v3.MetricServiceClient()
        return self._made


def read_refusal(refusal: Any, number: int) -> Sent:
    """A refusal, read: how many were written all the same, and why the others were not."""
    text = refusal.message
    if not text.startswith(COULD_NOT):
        return Sent(0, refused=number, reason=text[:500])
    failed = number - _successes(refusal)
    reasons = list(_reasons(text))
    too_often = sum(count for reason, count in reasons if TOO_OFTEN in reason)
    stale = sum(count for reason, count in reasons if OUT_OF_ORDER in reason)
    rest = max(0, failed - too_often - stale)
    other = [reason for reason, _ in reasons if TOO_OFTEN not in reason]
    other = [reason for reason in other if OUT_OF_ORDER not in reason]
    return Sent(number - failed, stale, too_often, rest, "; ".join(other)[:500])


def _successes(refusal: Any) -> int:
    """success_point_count of the summary attached to a partial failure; 0 without one."""
    from google.cloud import monitoring_v3

    for detail in refusal.details:
        summary = monitoring_v3.CreateTimeSeriesSummary.pb()()
        if hasattr(detail, "Unpack") and detail.Unpack(summary):
            return int(summary.success_point_count)
    return 0


def _reasons(text: str) -> Iterator[tuple[str, int]]:
    """Each reason of a partial failure with how many series it names ("timeSeries[0-2,5]")."""
    for part in text.removeprefix(COULD_NOT).split("; "):
        _, _, rest = part.partition("timeSeries[")
        places = rest.partition("]")[0].split(",") if rest else ["0"]
        count = 0
        for place in places:
            low, _, high = place.partition("-")
            count += int(high or low) - int(low) + 1 if low.isdigit() else 1
        yield part, count


def _add(first: Sent, second: Sent) -> Sent:
    return Sent(
        first.written + second.written,
        first.stale + second.stale,
        first.too_often + second.too_often,
        first.refused + second.refused,
        first.reason or second.reason,
    )


def _time_series(point: Point, scope: Scope, location: str) -> dict[str, Any]:
    interval = {"end_time": _moment(point.end)}
    if point.start is not None:
        interval["start_time"] = _moment(point.start)
    return {
        "metric": {"type": point.metric.type, "labels": dict(point.labels)},
        "resource": {
            "type": RESOURCE,
            "labels": {
                "location": location,
                "namespace": scope.application,
                "job": scope.environment,
                "task_id": TASK,
            },
        },
        "metric_kind": point.metric.kind,
        "value_type": point.metric.value_type,
        "points": [{"interval": interval, "value": _value(point)}],
    }


def _value(point: Point) -> dict[str, Any]:
    if isinstance(point.value, Distribution):
        return {"distribution_value": _distribution(point.value)}
    if point.metric.value_type == series.INT64:
        return {"int64_value": int(point.value)}
    return {"double_value": float(point.value)}


def _distribution(value: Distribution) -> dict[str, Any]:
    last = max(value.buckets, default=0)
    return {
        "count": value.count,
        "mean": value.mean,
        "sum_of_squared_deviation": value.squared_deviation,
        "bucket_options": {
            "exponential_buckets": {
                "num_finite_buckets": histogram.FINITE,
                "growth_factor": histogram.GROWTH,
                "scale": histogram.SCALE_MS,
            }
        },
        "bucket_counts": [value.buckets.get(bucket, 0) for bucket in range(last + 1)],
    }


def _descriptor(metric: Metric) -> dict[str, Any]:
    return {
        "type": metric.type,
        "metric_kind": metric.kind,
        "value_type": metric.value_type,
        "unit": metric.unit,
        "description": metric.description,
        "display_name": f"Palier {metric.name.replace('_', ' ')}",
        "labels": [{"key": label, "value_type": "STRING"} for label in metric.labels],
    }


def _moment(seconds: float) -> dict[str, int]:
    milliseconds = round(seconds * 1000)
    return {"seconds": milliseconds // 1000, "nanos": milliseconds % 1000 * 10**6}
