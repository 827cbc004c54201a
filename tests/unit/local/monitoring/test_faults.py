"""Trouble on demand, as the real client meets it: what it is told, and what was done even so."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.api_core import exceptions
from google.cloud import monitoring_v3
from google.cloud.monitoring_v3.services.metric_service.transports import (
    MetricServiceGrpcTransport,
)

from local.monitoring import server, web
from local.monitoring.faults import KINDS, Fault, Faults
from local.monitoring.memory import Memory
from local.monitoring.rules import InvalidRequest

NOW = 1_800_000_000


@dataclass
class Place:
    """The server, a client, and where faults are begun over HTTP."""

    memory: Memory
    faults: Faults
    client: monitoring_v3.MetricServiceClient
    url: str

    def write(self, series: int = 1, timeout: float = 5.0) -> None:
        batch = [
            {
                "metric": {"type": "custom.googleapis.com/palier/x", "labels": {"n": str(number)}},
                "resource": {"type": "global"},
                "points": [
                    {
                        "interval": {"end_time": {"seconds": NOW - 60}},
                        "value": {"double_value": 1.0},
                    }
                ],
            }
            for number in range(series)
        ]
        request: Any = {"name": "projects/demo", "time_series": batch}
        self.client.create_time_series(request=request, timeout=timeout)

    def http(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as problem:
            with problem:
                return problem.code, problem.read().decode()


@pytest.fixture
def place() -> Iterator[Place]:
    memory, faults = Memory(), Faults()
    calls, port = server.serve(memory, 0, lambda: NOW * 10**9, faults=faults)
    page = web.serve(memory, 0, faults=faults)
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    client = monitoring_v3.MetricServiceClient(
        transport=MetricServiceGrpcTransport(channel=channel)
    )
    yield Place(memory, faults, client, f"http://127.0.0.1:{page.server_port}")
    faults.end()
    channel.close()
    server.stop(calls)
    page.shutdown()
    page.server_close()


@pytest.mark.parametrize(
    ("kind", "error", "written"),
    [
        ("down", exceptions.ServiceUnavailable, 0),
        ("failing", exceptions.InternalServerError, 0),
        ("busy", exceptions.ResourceExhausted, 0),
        ("lost", exceptions.ServiceUnavailable, 1),
        ("hanging", exceptions.DeadlineExceeded, 0),
    ],
)
def test_what_the_client_meets(
    place: Place, kind: str, error: type[Exception], written: int
) -> None:
    place.faults.begin(Fault(kind))
    with pytest.raises(error):
        place.write(timeout=0.3)
    time.sleep(0.1)
    assert place.memory.written == written
    place.faults.end()
    if not written:
        place.write()
        assert place.memory.written == 1


def test_in_part(place: Place) -> None:
    place.faults.begin(Fault("partial"))
    with pytest.raises(exceptions.InternalServerError) as caught:
        place.write(5)
    (detail,) = caught.value.details
    summary = monitoring_v3.CreateTimeSeriesSummary.pb()()
    assert detail.Unpack(summary)
    assert (summary.total_point_count, summary.success_point_count) == (5, 3)
    assert place.memory.written == 3


def test_slowly(place: Place) -> None:
    place.faults.begin(Fault("slow", seconds=0.2))
    begun = time.monotonic()
    place.write()
    assert time.monotonic() - begun >= 0.2
    assert place.memory.written == 1


def test_what_hangs_is_answered_when_it_ends(place: Place) -> None:
    place.faults.begin(Fault("hanging"))
    writing = threading.Thread(target=place.write)
    writing.start()
    writing.join(0.1)
    assert writing.is_alive()
    assert place.memory.written == 0
    place.faults.end()
    writing.join(5)
    assert place.memory.written == 1


def test_some_calls_and_so_many_times(place: Place) -> None:
    place.faults.begin(Fault("down", ("CreateTimeSeries",), times=2))
    for _ in range(2):
        assert not list(place.client.list_metric_descriptors(name="projects/demo"))
        with pytest.raises(exceptions.ServiceUnavailable):
            place.write()
    assert place.faults.current is None
    place.write()


def test_over_http(place: Place) -> None:
    given = {"kind": "failing", "calls": ["dashboards"], "times": 1}
    status, told = place.http("PUT", "/faults", given)
    assert (status, json.loads(told)) == (200, {**given, "seconds": 1.0})
    assert "Trouble on demand: failing" in place.http("GET", "/")[1]
    assert place.http("GET", "/v1/projects/demo/dashboards")[0] == 500
    assert place.http("GET", "/v1/projects/demo/dashboards")[0] == 200
    place.faults.begin(Fault("down"))
    assert place.http("GET", "/v1/projects/demo/dashboards")[0] == 503
    assert place.http("DELETE", "/faults") == (200, "{}")
    assert place.http("GET", "/v1/projects/demo/dashboards")[0] == 200


@pytest.mark.parametrize(
    "given", [{"kind": "sleepy"}, {}, {"kind": "down", "x": 1}, {"kind": "slow", "seconds": -1}]
)
def test_what_is_no_fault(place: Place, given: dict[str, Any]) -> None:
    assert place.http("PUT", "/faults", given)[0] == 400
    assert place.faults.current is None


def test_every_kind_is_known() -> None:
    assert [Fault(kind).kind for kind in KINDS] == list(KINDS)
    with pytest.raises(InvalidRequest):
        Fault("other")
