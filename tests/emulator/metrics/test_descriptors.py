"""Descriptors are created where they are missing, however slow each is; what can't be is left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from functions.documents import Scope
from functions.metrics import points, series
from functions.metrics.cloud_monitoring import CloudMonitoring, SinkUnavailable
from functions.metrics.due import HEARTBEAT
from functions.metrics.series import METRICS
from local.monitoring import server
from local.monitoring.memory import Memory

SCOPE = Scope("main", "production")


class Counting(CloudMonitoring):
    """Each call takes some time; which were made is noted."""

    seconds = 0.0

    def __init__(self, port: int) -> None:
        super().__init__("demo", f"127.0.0.1:{port}")
        self.calls: list[str] = []

    def _call(self, name: str, request: dict[str, Any], until: float) -> Any:
        time.sleep(self.seconds)
        self.calls.append(name)
        return super()._call(name, request, until)


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def sink(memory: Memory) -> Iterator[Counting]:
    calls, port = server.serve(memory, 0)
    yield Counting(port)
    server.stop(calls)


def described(memory: Memory) -> set[str]:
    return set(memory.descriptors)


def test_each_is_created_once(sink: Counting, memory: Memory) -> None:
    sink.prepare(METRICS, 10)
    assert described(memory) == {metric.type for metric in METRICS}
    assert sink.calls.count("create_metric_descriptor") == len(METRICS)
    sink.calls.clear()
    sink.prepare(METRICS, 10)
    assert sink.calls == ["list_metric_descriptors"]


def test_one_that_says_something_else_is_written_again(sink: Counting, memory: Memory) -> None:
    sink.prepare(METRICS, 10)
    sink.calls.clear()
    told = [*METRICS[:-1], replace(METRICS[-1], description="Said better.")]
    sink.prepare(told, 10)
    assert sink.calls == ["list_metric_descriptors", "create_metric_descriptor"]
    assert memory.descriptors[METRICS[-1].type].description == "Said better."


def test_what_takes_longer_than_there_is_time_goes_on_where_it_was(
    sink: Counting, memory: Memory
) -> None:
    sink.seconds = 0.05
    tries = 0
    while len(described(memory)) < len(METRICS):
        before = len(described(memory))
        try:
            sink.prepare(METRICS, 0.6)
        except SinkUnavailable:
            assert len(described(memory)) > before
        tries += 1
    assert 1 < tries < len(METRICS)


def test_another_kind_of_metric_under_one_of_our_names_stops_no_other(
    sink: Counting, memory: Memory, capsys: pytest.CaptureFixture[str]
) -> None:
    other = replace(series.MEMORY, kind=series.CUMULATIVE)
    sink.prepare([other], 10)
    sink.prepare(METRICS, 10)
    assert described(memory) == {metric.type for metric in METRICS}
    assert "descriptor_refused" in capsys.readouterr().err
    now = int(time.time())
    sent = sink.write(SCOPE, points.of_readings([HEARTBEAT], now - 60), 5)
    assert sent.written == 1
