"""`palier monitoring check` and `cost`: what was published is read back and counted."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import Any

import pytest
from google.cloud import firestore

from cli.__main__ import main
from functions.alerts.thresholds import BUILT_IN
from functions.alerts.values import reach_seconds, values
from functions.clock import ManualClock
from functions.documents import Store
from functions.metrics import series
from functions.metrics.due import Extra
from functions.metrics.publish import publish
from functions.metrics.windows import minute_start
from local.monitoring.memory import Point
from local.monitoring.rules import Limits
from tests.emulator.metrics import published
from tests.emulator.metrics.published import SCOPE, Monitoring, serve_minute

MINUTES = 12


class Told:
    def __init__(self, project: str, port: int, capsys: pytest.CaptureFixture[str]) -> None:
        self._where = ["--project", project, "--address", f"127.0.0.1:{port}"]
        self._capsys = capsys

    def json(self, verb: str, *words: str, code: int = 0) -> Any:
        found = main(["monitoring", verb, *self._where, *words, "--output", "json"], {})
        captured = self._capsys.readouterr()
        assert found == code, (captured.out, captured.err)
        return json.loads(captured.out)

    def text(self, verb: str, *words: str) -> str:
        main(["monitoring", verb, *self._where, *words], {})
        return self._capsys.readouterr().out


@pytest.fixture
def monitoring(
    firestore_client: firestore.Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Twelve minutes of one version, up to now: the command asks the machine's own clock."""
    start = minute_start(time.time()) - (MINUTES + 1) * 60
    monkeypatch.setattr(published, "START", start)
    clock = ManualClock(float(start))
    running = Monitoring(clock, Limits(period=10))
    running.project = str(firestore_client.project)
    clock.advance(85)
    for minute in range(MINUTES):
        serve_minute(store, minute, measures={"words": 200.0, "rating": 4.0})
        extra = Extra(derive=partial(values, BUILT_IN), reach_seconds=reach_seconds(BUILT_IN))
        done = publish(store, running.sink(), clock, SCOPE, lambda extra=extra: extra)  # type: ignore[misc]
        assert (done.minutes, done.refused) == (1, 0)
        clock.advance(60)
    yield running
    running.down()


@pytest.fixture
def told(monitoring: Monitoring, capsys: pytest.CaptureFixture[str]) -> Told:
    capsys.readouterr()
    return Told(monitoring.project, monitoring.port, capsys)


def minutes_of(monitoring: Monitoring, metric: series.Metric) -> list[Point]:
    [found] = [s for s in monitoring.memory.series.values() if s.key.metric == metric.type]
    return list(found.points)


def test_what_was_published_is_what_firestore_says(told: Told) -> None:
    found = told.json("check", "--hours", "1", "--minutes", "60")
    assert found["differences"] == []
    assert (found["minutes"], found["late"]) == (60, 0)
    assert found["same"] >= MINUTES * 20


def test_a_point_that_is_wrong_one_too_many_and_one_that_is_missing(
    told: Told, monitoring: Monitoring
) -> None:
    memory = monitoring.memory
    by_metric = {some.key.metric: some for some in memory.series.values()}
    memory_share = by_metric[series.MEMORY.type].points
    wrong = memory_share[3]
    wrong.value.double_value = 0.75
    failures = by_metric[series.FAILURES.type].points
    del failures[5]
    found = told.json("check", "--hours", "1", "--minutes", "60", code=1)
    differences = {
        each["metric"].rpartition("/")[2]: (each["expected"], each["found"])
        for each in found["differences"]
    }
    assert differences == {"memory": (0.5, 0.75), "failures": (1, None)}
    assert "CLOUD MONITORING" in told.text("check", "--hours", "1", "--minutes", "60")


def test_requests_that_came_late_are_told_apart(told: Told, store: Store) -> None:
    serve_minute(store, 4, measures={"words": 200.0, "rating": 4.0}, requests=12)
    found = told.json("check", "--hours", "1", "--minutes", "60")
    assert found["late"] > 5
    assert found["differences"] == []


def test_what_it_costs_a_month(told: Told, monitoring: Monitoring) -> None:
    found = told.json("cost", "--hours", "1", "--price", "1")
    points = sum(len(some.points) for some in monitoring.memory.series.values())
    assert found["points"] == points
    assert found["series"] == len(monitoring.memory.series)
    distributions = MINUTES
    bytes_an_hour = (points - distributions) * 8 + distributions * 80
    assert found["dollars_a_month"] == pytest.approx(bytes_an_hour * 730 / 2**20)
    text = told.text("cost", "--hours", "1")
    assert "x $0.258" in text
    assert "execution_time" in text


def test_before_anything_was_published(
    firestore_client: firestore.Client, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    running = Monitoring(ManualClock(0.0), Limits())
    told = Told(str(firestore_client.project), running.port, capsys)
    assert "Nothing has been published yet" in told.text("check")
    running.down()
