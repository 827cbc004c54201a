"""The services over gRPC, without transport security, from the client package's own messages."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import grpc
from google.cloud import monitoring_v3
from google.protobuf import empty_pb2

from local import rpc
from local.monitoring import calls, filters, rules
from local.monitoring.alerting.configuration import Configuration
from local.monitoring.alerting.services import AlertPolicyService, NotificationChannelService
from local.monitoring.calls import handlers, project_of
from local.monitoring.faults import Faults, Interceptor
from local.monitoring.memory import Memory, Series
from local.monitoring.refusals import NotFound
from local.rpc import Call
from local.rpc import stop as stop

SERVICE = "google.monitoring.v3.MetricService"
THREADS = 16


class MetricService:
    """The calls that Palier makes, and those that a person makes to look."""

    def __init__(self, memory: Memory, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._memory = memory
        self._now_ns = now_ns

    def handlers(self) -> grpc.GenericRpcHandler:
        offered: dict[str, tuple[Call, str]] = {
            "CreateTimeSeries": (self.create_time_series, "CreateTimeSeriesRequest"),
            "ListTimeSeries": (self.list_time_series, "ListTimeSeriesRequest"),
            "CreateMetricDescriptor": (self.create_descriptor, "CreateMetricDescriptorRequest"),
            "GetMetricDescriptor": (self.get_descriptor, "GetMetricDescriptorRequest"),
            "DeleteMetricDescriptor": (self.delete_descriptor, "DeleteMetricDescriptorRequest"),
            "ListMetricDescriptors": (self.list_descriptors, "ListMetricDescriptorsRequest"),
        }
        return handlers(SERVICE, offered)

    def create_time_series(self, request: Any, context: Any) -> Any:
        project = project_of(request.name)
        refusals = self._memory.write(project, request.time_series, self._now_ns())
        if refusals:
            text = rules.refused_text(request.time_series, refusals)
            context.abort_with_status(calls.partial(text, len(request.time_series), len(refusals)))
        return empty_pb2.Empty()

    def list_time_series(self, request: Any, _: Any) -> Any:
        project = project_of(request.name)
        conditions = filters.parse(request.filter)
        if filters.only(conditions, "metric.type") is None:
            raise rules.InvalidRequest(
                "The supplied filter must specify exactly one metric.type to select time series by."
            )
        if request.HasField("aggregation"):
            raise rules.InvalidRequest(
                "Field aggregation is not known to this local server: list the points themselves."
            )
        if not request.interval.HasField("end_time"):
            raise rules.InvalidRequest("Field interval.end_time was missing.")
        answer = monitoring_v3.ListTimeSeriesResponse.pb()()
        full = request.view == monitoring_v3.ListTimeSeriesRequest.TimeSeriesView.FULL
        with self._memory.lock:
            for series in self._memory.matching(conditions):
                if dict(series.key.resource_labels).get("project_id") == project:
                    _add(answer, series, request.interval, full)
        return answer

    def create_descriptor(self, request: Any, _: Any) -> Any:
        project = project_of(request.name)
        return self._memory.describe(project, request.metric_descriptor, self._now_ns())

    def get_descriptor(self, request: Any, _: Any) -> Any:
        metric = request.name.partition("/metricDescriptors/")[2]
        found = self._memory.descriptors.get(metric)
        if found is None:
            raise NotFound(f"Could not find descriptor for metric '{metric}'.")
        return found

    def delete_descriptor(self, request: Any, _: Any) -> Any:
        metric = request.name.partition("/metricDescriptors/")[2]
        if not self._memory.forget(metric):
            raise NotFound(f"Could not find descriptor for metric '{metric}'.")
        return empty_pb2.Empty()

    def list_descriptors(self, request: Any, _: Any) -> Any:
        answer = monitoring_v3.ListMetricDescriptorsResponse.pb()()
        conditions = filters.parse(request.filter)
        for name, descriptor in sorted(self._memory.descriptors.items()):
            key = rules.SeriesKey(name, (), "", ())
            if all(condition.holds(key) for condition in conditions):
                answer.metric_descriptors.append(descriptor)
        return answer


def serve(
    memory: Memory,
    port: int,
    now_ns: Callable[[], int] = time.time_ns,
    configuration: Configuration | None = None,
    faults: Faults | None = None,
) -> Any:
    """A started gRPC server on this machine; port 0 takes a free one. Returns (server, port).

    Without a `configuration` it begins with an empty one of its own, and without `faults` it has
    none.
    """
    configuration = configuration or Configuration(memory, now_ns)
    services = [
        MetricService(memory, now_ns).handlers(),
        AlertPolicyService(configuration).handlers(),
        NotificationChannelService(configuration).handlers(),
    ]
    return rpc.serve(services, port, Interceptor(faults or Faults()), THREADS)


def _add(answer: Any, series: Series, interval: Any, full: bool) -> None:
    end = interval.end_time.ToNanoseconds()
    given = interval.HasField("start_time")
    start = interval.start_time.ToNanoseconds() if given else end - 1
    points = [point for point in series.points if start < point.end <= end]
    if not points:
        return
    entry = answer.time_series.add(metric_kind=series.kind, value_type=series.value_type)
    entry.metric.type = series.key.metric
    entry.metric.labels.update(series.key.labels)
    entry.resource.type = series.key.resource
    entry.resource.labels.update(series.key.resource_labels)
    for point in reversed(points) if full else ():
        added = entry.points.add(value=point.value)
        added.interval.start_time.FromNanoseconds(point.start)
        added.interval.end_time.FromNanoseconds(point.end)
