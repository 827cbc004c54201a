"""The local server refuses what Cloud Monitoring refuses, and says it in the same words.

Everything goes through the real client.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.api_core import exceptions
from google.cloud import monitoring_v3
from google.cloud.monitoring_v3.services.metric_service.transports import (
    MetricServiceGrpcTransport,
)

from local.monitoring import filters, rules, server, web
from local.monitoring.memory import Memory
from local.monitoring.rules import Limits

NOW = 1_800_000_000
PROJECT = "projects/demo"
TASK = {"location": "global", "namespace": "main", "job": "production", "task_id": "palier"}
METRIC = "custom.googleapis.com/palier/requests"


@pytest.fixture
def memory() -> Memory:
    return Memory(Limits(period=10))


@pytest.fixture
def client(memory: Memory) -> Iterator[monitoring_v3.MetricServiceClient]:
    calls, port = server.serve(memory, 0, now_ns=lambda: NOW * 10**9)
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    yield monitoring_v3.MetricServiceClient(transport=MetricServiceGrpcTransport(channel=channel))
    channel.close()
    server.stop(calls)


def series(**changes: Any) -> dict[str, Any]:
    """A correct time series; `end` and `start` are seconds from NOW."""
    end = changes.pop("end", -10.0)
    start = changes.pop("start", end - 59.999)
    interval = {"end_time": at(end)}
    if start is not None:
        interval["start_time"] = at(start)
    value = changes.pop("value", {"int64_value": 5})
    labels = changes.pop("labels", {"service": "stories"})
    return {
        "metric": {"type": changes.pop("type", METRIC), "labels": labels},
        "resource": {
            "type": changes.pop("resource", "generic_task"),
            "labels": changes.pop("resource_labels", TASK),
        },
        "metric_kind": "CUMULATIVE",
        "value_type": "INT64",
        "points": [{"interval": interval, "value": value}],
        **changes,
    }


def at(offset: float) -> dict[str, int]:
    nanoseconds = round((NOW + offset) * 10**9)
    return {"seconds": nanoseconds // 10**9, "nanos": nanoseconds % 10**9}


def gauge(**changes: Any) -> dict[str, Any]:
    values = {"type": "custom.googleapis.com/palier/memory", "start": None, **changes}
    values = {"metric_kind": "GAUGE", "value_type": "DOUBLE", **values}
    return series(**{"value": {"double_value": 0.5}, **values})


def write(client: monitoring_v3.MetricServiceClient, *batch: dict[str, Any]) -> None:
    request: Any = {"name": PROJECT, "time_series": batch}
    client.create_time_series(request=request)


def refused(client: monitoring_v3.MetricServiceClient, *batch: dict[str, Any]) -> str:
    with pytest.raises(exceptions.InvalidArgument) as caught:
        write(client, *batch)
    return str(caught.value.message)


def listed(client: monitoring_v3.MetricServiceClient, metric: str = METRIC, **where: str) -> Any:
    conditions = [f'metric.type = "{metric}"', *(f'{k} = "{v}"' for k, v in where.items())]
    interval = {"start_time": at(-3600), "end_time": at(0)}
    request = {"name": PROJECT, "filter": " AND ".join(conditions), "interval": interval}
    return list(client.list_time_series(request=request))


def test_points_in_order_are_written_and_listed(client: Any, memory: Memory) -> None:
    write(client, series(end=-120), gauge(end=-120))
    write(client, series(end=-60, value={"int64_value": 7}), gauge(end=-60))
    (found,) = listed(client)
    assert [point.value.int64_value for point in found.points] == [7, 5]
    assert memory.written == 4
    assert memory.refused == 0


def too_long(number: int) -> dict[str, str]:
    return {f"label_{n}": "x" for n in range(number)}


DISTRIBUTION = {
    "count": 3,
    "mean": 20.0,
    "bucket_options": {
        "exponential_buckets": {"num_finite_buckets": 2, "growth_factor": 2, "scale": 10}
    },
    "bucket_counts": [0, 2, 1],
}


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (series(end=301), "more than 5m in the future"),
        (series(end=-25 * 3600 - 1), "more than 25h in the past"),
        (series(start=-10, end=-10), "must be before the end time"),
        (gauge(start=-20, end=-10), "must be equal to the end time"),
        (series(points=[]), "Only one point can be written per TimeSeries per request"),
        (series(points=series()["points"] * 2), "Only one point can be written"),
        (
            series(value={"distribution_value": {**DISTRIBUTION, "count": 4}}),
            "bucketCounts must add up to count",
        ),
        (
            series(
                value={
                    "distribution_value": {
                        **DISTRIBUTION,
                        "bucket_options": {
                            "exponential_buckets": {
                                "num_finite_buckets": 199,
                                "growth_factor": 2,
                                "scale": 10,
                            }
                        },
                    }
                }
            ),
            "at most 200 buckets",
        ),
    ],
    ids=[
        "future",
        "past",
        "cumulative of no length",
        "gauge of some length",
        "no point",
        "two points",
        "counts",
        "buckets",
    ],
)
def test_malformed_requests_are_refused_whole(
    client: Any, memory: Memory, one: dict[str, Any], text: str
) -> None:
    message = refused(client, gauge(end=-20), one)
    assert text in message
    assert not message.startswith(rules.COULD_NOT)
    assert memory.written == 0


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (series(metric_kind="DELTA"), "must be GAUGE or CUMULATIVE"),
        (series(resource="cloud_run_revision"), "can't be used with custom metrics"),
        (series(resource="generic_task", resource_labels={"job": "x"}), "labels is incomplete"),
        (series(resource_labels={**TASK, "pod": "x"}), "Unrecognized resource label: pod"),
        (series(resource_labels={**TASK, "location": "Paris"}), "Unrecognized region"),
        (series(labels=too_long(31)), "more than 30 labels"),
        (series(labels={"k" * 101: "x"}), "Label key too long"),
        (series(labels={"http.code": "x"}), "Label key contains invalid characters"),
        (series(labels={"service": "x" * 1025}), "is longer than 1024"),
        (series(type="palier/requests"), "must be a URL-formatted string"),
    ],
    ids=[
        "DELTA",
        "resource type",
        "resource labels",
        "resource label unknown",
        "location",
        "labels",
        "key length",
        "key characters",
        "value length",
        "metric type",
    ],
)
def test_series_are_refused_alone(
    client: Any, memory: Memory, one: dict[str, Any], text: str
) -> None:
    message = refused(client, gauge(), one)
    assert message.startswith(rules.COULD_NOT)
    assert text in message
    assert memory.written == 1


def test_no_series_and_too_many(client: Any) -> None:
    assert "missing field timeSeries" in refused(client)
    many = [series(labels={"service": str(n)}) for n in range(201)]
    assert "maximum of 200 TimeSeries" in refused(client, *many)
    write(client, *many[:200])


def test_order_and_frequency(client: Any) -> None:
    write(client, series(end=-60))
    assert "older end time" in refused(client, series(end=-60))
    assert "older end time" in refused(client, series(end=-61))
    assert "older start time" in refused(client, series(start=-60, end=-10))
    assert "more frequently" in refused(client, series(start=-59.999, end=-51))
    write(client, series(start=-59.999, end=-50))
    write(client, series(start=-59.999, end=-40, value={"int64_value": 9}))


def test_gauges_are_in_order_too(client: Any) -> None:
    write(client, gauge(end=-60))
    assert "older end time" in refused(client, gauge(end=-60))
    write(client, gauge(end=-50))


def test_the_same_series_twice_in_a_request(client: Any, memory: Memory) -> None:
    assert "Duplicate TimeSeries" in refused(client, series(), series())
    assert memory.written == 1


def test_partial_success_says_how_many(client: Any) -> None:
    write(client, series(end=-60))
    with pytest.raises(exceptions.InvalidArgument) as caught:
        write(client, gauge(end=-50), series(end=-60), series(labels={"service": "b"}))
    assert "timeSeries[1]" in caught.value.message
    summary = monitoring_v3.CreateTimeSeriesSummary.pb()()
    assert caught.value.details[0].Unpack(summary)
    assert (summary.total_point_count, summary.success_point_count) == (3, 2)
    assert summary.errors[0].point_count == 1


def test_descriptors_decide_kind_and_value(client: Any) -> None:
    descriptor = {"type": METRIC, "metric_kind": "CUMULATIVE", "value_type": "INT64"}
    client.create_metric_descriptor(name=PROJECT, metric_descriptor=descriptor)
    client.create_metric_descriptor(name=PROJECT, metric_descriptor=descriptor)
    wrong = {"metric_kind": "GAUGE", "start": None}
    assert "must be CUMULATIVE" in refused(client, series(**wrong))
    assert "must be INT64" in refused(client, series(value={"double_value": 1.5}))
    with pytest.raises(exceptions.InvalidArgument, match="can't become GAUGE"):
        client.create_metric_descriptor(
            name=PROJECT, metric_descriptor={**descriptor, "metric_kind": "GAUGE"}
        )
    with pytest.raises(exceptions.InvalidArgument, match="must be GAUGE or CUMULATIVE"):
        client.create_metric_descriptor(
            name=PROJECT, metric_descriptor={**descriptor, "metric_kind": "DELTA"}
        )


def test_descriptors_are_found(client: Any) -> None:
    name = f"{PROJECT}/metricDescriptors/{METRIC}"
    with pytest.raises(exceptions.NotFound):
        client.get_metric_descriptor(name=name)
    write(client, series())
    assert client.get_metric_descriptor(name=name).type == METRIC
    found = list(client.list_metric_descriptors(name=PROJECT))
    assert [descriptor.type for descriptor in found] == [METRIC]


def test_a_deleted_descriptor_takes_its_series_with_it(client: Any) -> None:
    name = f"{PROJECT}/metricDescriptors/{METRIC}"
    with pytest.raises(exceptions.NotFound):
        client.delete_metric_descriptor(name=name)
    write(client, series(end=-60))
    client.delete_metric_descriptor(name=name)
    assert not list(client.list_metric_descriptors(name=PROJECT))
    assert len(listed(client)) == 0
    write(client, gauge(type=METRIC, end=-120))  # it may be another kind now, and older
    assert len(listed(client)) == 1


def test_lists_are_filtered(client: Any) -> None:
    write(client, series(), series(labels={"service": "other"}))
    assert len(listed(client)) == 2
    assert len(listed(client, **{"metric.labels.service": "other"})) == 1
    assert len(listed(client, **{"resource.labels.namespace": "nobody"})) == 0
    with pytest.raises(exceptions.InvalidArgument, match="exactly one metric"):
        list(
            client.list_time_series(
                request={"name": PROJECT, "filter": "", "interval": {"end_time": at(0)}}
            )
        )


def test_a_stricter_server_counts_arrivals() -> None:
    memory = Memory(Limits(period=5, arrival_period=10))
    first = monitoring_v3.TimeSeries.pb(monitoring_v3.TimeSeries(series(end=-120)))
    second = monitoring_v3.TimeSeries.pb(monitoring_v3.TimeSeries(series(end=-60)))
    assert memory.write("demo", [first], NOW * 10**9) == []
    (refusal,) = memory.write("demo", [second], (NOW + 9) * 10**9)
    assert refusal.reason == rules.TOO_OFTEN
    assert memory.write("demo", [second], (NOW + 10) * 10**9) == []


def test_filters_and_ranges() -> None:
    (condition,) = filters.parse('metric.type = starts_with("custom.googleapis.com/palier/")')
    assert (condition.function, condition.exact) == ("starts_with", None)
    assert rules.ranges([4, 0, 1, 2, 7, 8]) == "0-2,4,7-8"
    with pytest.raises(rules.InvalidRequest):
        filters.parse("metric.type : anything")


def test_the_page_and_the_counts(client: Any, memory: Memory) -> None:
    write(client, series(end=-120), gauge(end=-120))
    write(client, series(end=-60), gauge(end=-60, labels={"service": "<script>"}))
    distribution = series(
        type="custom.googleapis.com/palier/execution_time",
        value={"distribution_value": DISTRIBUTION},
        value_type="DISTRIBUTION",
    )
    write(client, distribution)
    refused(client, gauge(end=-120))
    page = web.serve(memory, 0, now=lambda: float(NOW))
    address = f"http://127.0.0.1:{page.server_port}"
    try:
        with urllib.request.urlopen(f"{address}/points") as answer:
            counts = json.load(answer)
        with urllib.request.urlopen(address) as answer:
            text = answer.read().decode()
    finally:
        page.shutdown()
        page.server_close()
    assert (counts["points_written"], counts["points_refused"]) == (5, 1)
    assert len(counts["series"]) == 4
    assert text.count("<svg") == 3
    assert "&lt;script&gt;" in text
    assert "Refused lately" in text
