"""Cloud Monitoring: the one sink for points, and the only file that imports its client.

The client is imported and built when first used: it costs 130 ms of CPU and is never needed to
serve a request. With an address given (`PALIER_MONITORING_ADDRESS`) it talks to a server on this
machine without transport security; without one to Google, with the function's own credentials.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import reduce
from typing import Any

from functions import log
from functions.documents import Scope
from functions.metrics import series, wire
from functions.metrics.series import Metric, Point

SERIES_A_REQUEST = 200
CALLS_AT_ONCE = 8
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
        self._making = threading.Lock()

    def prepare(self, metrics: Iterable[Metric], timeout: float) -> None:
        """Creates the descriptors that are missing or say something else. Raises SinkUnavailable:
        those that were created stay, so that it is done after some tries, however slow each is.

        One that can't become what it should be (another kind of metric has its name) is logged.
        """
        until = time.monotonic() + timeout
        known = self._descriptors(until)
        for metric in metrics:
            if known.get(metric.type) != _wanted(metric):
                self._create_descriptor(metric, until)

    def write(self, scope: Scope, points: Sequence[Point], timeout: float) -> Sent:
        """Writes points, each of another series, in several requests at once where they are many.

        Raises SinkUnavailable: some may be written all the same.
        """
        until = time.monotonic() + timeout
        firsts = range(0, len(points), SERIES_A_REQUEST)
        batches = [points[first : first + SERIES_A_REQUEST] for first in firsts]
        if len(batches) == 1:
            return self._write_batch(scope, batches[0], until)
        with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
            sent = pool.map(lambda batch: self._write_batch(scope, batch, until), batches)
            return reduce(_add, sent, Sent(0))

    def present(
        self, scope: Scope, metrics: Iterable[Metric], end: int, timeout: float
    ) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
        """The series (Point.identity) that have a point ending at `end`. Raises SinkUnavailable."""
        until = time.monotonic() + timeout

        def of(metric: Metric) -> list[Any]:
            return self.read(scope, metric, end - 1, end, until, headers=True)

        with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
            found = [one for some in pool.map(of, metrics) for one in some]
        return {(one.metric.type, tuple(sorted(one.metric.labels.items()))) for one in found}

    def read(
        self,
        scope: Scope,
        metric: Metric,
        after: float,
        end: float,
        until: float,
        *,
        headers: bool = False,
    ) -> list[Any]:
        """A metric's series of an environment with their points in (after, end], newest first, or
        without them (`headers`). `until` is of the monotonic clock. Raises SinkUnavailable.
        """
        where = f'resource.labels.namespace = "{scope.application}"'
        where += f' AND resource.labels.job = "{scope.environment}"'
        where += f' AND resource.labels.location = "{self._location}"'
        request = {
            "name": self._project,
            "filter": f'metric.type = "{metric.type}" AND {where}',
            "interval": {"start_time": wire.moment(after), "end_time": wire.moment(end)},
            "view": "HEADERS" if headers else "FULL",
        }
        found: list[Any] = self._call("list_time_series", request, until)
        return found

    def _descriptors(self, until: float) -> dict[str, Description]:
        request = {
            "name": self._project,
            "filter": f'metric.type = starts_with("{series.PREFIX}")',
        }
        found = self._call("list_metric_descriptors", request, until)
        return {each.type: _described(each) for each in found}

    def _create_descriptor(self, metric: Metric, until: float) -> None:
        from google.api_core.exceptions import InvalidArgument

        request = {"name": self._project, "metric_descriptor": wire.descriptor(metric)}
        try:
            self._call("create_metric_descriptor", request, until)
        except InvalidArgument as refusal:
            log.error("descriptor_refused", metric=metric.type, reason=refusal.message[:500])

    def _write_batch(self, scope: Scope, batch: Sequence[Point], until: float) -> Sent:
        from google.api_core.exceptions import InvalidArgument

        labels = wire.resource_labels(scope.application, scope.environment, self._location)
        request = {
            "name": self._project,
            "time_series": [wire.time_series(point, labels) for point in batch],
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
        with self._making:  # calls are made several at once
            if self._made is None:
                self._made = self._new_client()
            return self._made

    def _new_client(self) -> Any:
        from google.cloud import monitoring_v3

        if not self._address:
            return monitoring_v3.MetricServiceClient()
        import grpc
        from google.cloud.monitoring_v3.services.metric_service.transports import (
            MetricServiceGrpcTransport,
        )

        channel = grpc.insecure_channel(self._address)
        return monitoring_v3.MetricServiceClient(
            transport=MetricServiceGrpcTransport(channel=channel)
        )


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


Description = tuple[str, str, str, str, tuple[str, ...]]


def _wanted(metric: Metric) -> Description:
    labels = tuple(sorted(metric.labels))
    return metric.kind, metric.value_type, metric.unit, metric.description, labels


def _described(descriptor: Any) -> Description:
    return (
        type(descriptor).MetricKind.Name(descriptor.metric_kind),
        type(descriptor).ValueType.Name(descriptor.value_type),
        descriptor.unit,
        descriptor.description,
        tuple(sorted(label.key for label in descriptor.labels)),
    )


def _add(first: Sent, second: Sent) -> Sent:
    return Sent(
        first.written + second.written,
        first.stale + second.stale,
        first.too_often + second.too_often,
        first.refused + second.refused,
        first.reason or second.reason,
    )
