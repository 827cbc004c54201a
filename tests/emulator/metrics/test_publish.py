"""Every minute reaches Cloud Monitoring once and in order, whoever is killed on the way.

The real client talks to the local server, which enforces the documented rules; watermark and claim
are in the Firestore emulator.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.cloud import firestore

from functions.clock import Clock, ManualClock
from functions.documents import Document, Store, Write
from functions.errors import StoreUnavailable
from functions.metrics import points, series
from functions.metrics import publish as publish_module
from functions.metrics.cloud_monitoring import CloudMonitoring, SinkUnavailable
from functions.metrics.due import HEARTBEAT, Extra
from functions.metrics.publish import Published, lag, publish
from functions.metrics.series import Reading
from functions.stories.measures import MEASURES
from local.monitoring.rules import Limits
from tests.emulator.metrics.published import (
    REQUESTS,
    SCOPE,
    START,
    Monitoring,
    begin,
    run,
    series_of,
    serve_minute,
)


def test_a_minute_with_all_its_series(
    store: Store, monitoring: Monitoring, clock: ManualClock
) -> None:
    serve_minute(store, 0)
    serve_minute(store, 0, "1.3.0")
    clock.advance(85)
    percentage = Reading(
        series.ROLLOUT_PERCENTAGE, 10.0, {"flag": "stories.version", "version": "1.3.0"}
    )
    published = run(store, monitoring, extra=lambda: Extra([percentage]))
    assert published == Published(minutes=1, points=20)
    assert set(monitoring.memory.descriptors) == {metric.type for metric in series.METRICS}
    point = monitoring.series(series.EXECUTION_TIME.type, version="1.2.0").points[0]
    distribution = point.value.distribution_value
    assert (distribution.count, distribution.mean) == (10, 904.5)
    assert distribution.sum_of_squared_deviation == pytest.approx(82.5)
    assert (point.start, point.end) == (START * 10**9 + 10**6, (START + 60) * 10**9)
    requests = monitoring.series(REQUESTS, version="1.3.0")
    assert requests.points[0].value.int64_value == 10
    assert dict(requests.key.resource_labels) == {
        "project_id": "demo",
        "location": "europe-west1",
        "namespace": "main",
        "job": "production",
        "task_id": "palier",
    }
    errors = monitoring.series(series.ERRORS.type, code="OPENAI_ERROR")
    assert errors.points[0].value.int64_value == 1
    assert monitoring.series(series.ROLLOUT_PERCENTAGE.type).points[0].value.double_value == 10.0
    assert lag(store, SCOPE, clock.now()) == 25


def test_cloud_monitoring_takes_what_requests_report(
    store: Store, monitoring: Monitoring, clock: ManualClock
) -> None:
    measures = dict.fromkeys(MEASURES, 0.25)
    whole = 9 + series_of(MEASURES) + 1  # what every request has, and the heartbeat
    serve_minute(store, 0, measures=measures)
    clock.advance(85)
    assert run(store, monitoring) == Published(minutes=1, points=whole)
    serve_minute(store, 1, "1.2.0+fallback", measures)
    clock.advance(60)
    assert run(store, monitoring) == Published(minutes=1, points=whole)
    quality = monitoring.series(series.QUALITY.type, version="1.2.0", score="ending")
    assert [point.value.double_value for point in quality.points] == [0.25]
    cost = monitoring.series(series.COST.type, version="1.2.0+fallback")
    assert cost.points[0].value.double_value == 2.5e-6


def test_nothing_before_its_grace_and_nothing_twice(
    store: Store, monitoring: Monitoring, clock: ManualClock
) -> None:
    begin(store, monitoring)
    assert run(store, monitoring) == Published()
    serve_minute(store, 1)
    clock.advance(54)
    assert run(store, monitoring) == Published()
    clock.advance(1)
    assert run(store, monitoring).minutes == 1
    assert monitoring.minutes() == [0, 1]
    assert monitoring.memory.refused == 0


def test_an_idle_minute_has_its_heartbeat(
    store: Store, monitoring: Monitoring, clock: ManualClock
) -> None:
    begin(store, monitoring)
    clock.advance(60)
    assert run(store, monitoring) == Published(minutes=1, points=1)
    assert monitoring.minutes(series.TICK_HEARTBEAT.type) == [0, 1]
    assert monitoring.minutes() == [0]


def test_an_outage_of_more_than_a_day_is_cut_at_a_day(
    store: Store, monitoring: Monitoring, clock: ManualClock
) -> None:
    begin(store, monitoring)
    for minute in (1, 2, 60, 1450, 1500):
        serve_minute(store, minute)
    clock.advance(1500 * 60)
    assert run(store, monitoring).problem == ""
    assert monitoring.minutes() == [0, 1450, 1500]
    assert monitoring.memory.refused == 0


def test_two_publishers_at_once(store: Store, monitoring: Monitoring, clock: ManualClock) -> None:
    begin(store, monitoring)
    for minute in range(1, 6):
        serve_minute(store, minute)
        clock.advance(60)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: run(store, monitoring), range(4)))
    assert monitoring.minutes() == list(range(6))
    assert monitoring.memory.refused == 0


class Killed(BaseException):
    """SIGKILL, as far as the code is concerned: nothing after it runs."""


class Mortal(CloudMonitoring):
    """Dies at the n-th call, before it or right after it, before anybody hears of the answer."""

    def __init__(self, port: int, death: int, after: bool) -> None:
        super().__init__("demo", f"127.0.0.1:{port}", "europe-west1")
        self.left, self.after = death, after

    def _call(self, name: str, request: dict[str, Any], until: float) -> Any:
        self.left -= 1
        if not self.left and not self.after:
            raise Killed
        answer = super()._call(name, request, until)
        if not self.left:
            raise Killed
        return answer


class MortalStore(Store):
    """Dies at the n-th read or commit, before it or right after it."""

    def __init__(self, client: firestore.Client, death: int, after: bool) -> None:
        super().__init__(client)
        self.left, self.after = death, after

    def get(self, path: str, **options: Any) -> Document | None:
        found: Document | None = self._mortal(lambda: super(MortalStore, self).get(path, **options))
        return found

    def commit(self, writes: Sequence[Write], **options: Any) -> list[Any]:
        versions: list[Any] = self._mortal(
            lambda: super(MortalStore, self).commit(writes, **options)
        )
        return versions

    def _mortal(self, call: Any) -> Any:
        self.left -= 1
        if not self.left and not self.after:
            raise Killed
        answer = call()
        if not self.left:
            raise Killed
        return answer


def killed(store: Store, sink: CloudMonitoring, clock: Clock) -> bool:
    try:
        publish(store, sink, clock, SCOPE)
    except Killed:
        return True
    return False


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("place", ["sink", "store"])
def test_killed_at_every_step_and_no_point_is_refused(
    firestore_client: firestore.Client,
    store: Store,
    monitoring: Monitoring,
    clock: ManualClock,
    place: str,
    after: bool,
) -> None:
    begin(store, monitoring)
    minute, deaths, step = 0, 0, 0
    for step in range(1, 12):
        for _ in range(2):
            minute += 1
            serve_minute(store, minute)
            clock.advance(60)
        in_sink, in_store = (step, 0) if place == "sink" else (0, step)
        died = killed(
            MortalStore(firestore_client, in_store, after),
            Mortal(monitoring.port, in_sink, after),
            clock,
        )
        deaths += died
        waiting = run(store, monitoring)
        if died and waiting.minutes == 0:
            clock.advance(publish_module.CLAIM_SECONDS)
            minute += 1
            serve_minute(store, minute)
        assert run(store, monitoring).problem == ""
    assert deaths >= (2 if place == "sink" else 6)
    assert monitoring.minutes() == list(range(minute + 1))
    assert monitoring.memory.refused == 0


def test_a_partial_failure_is_read_and_the_rest_follows(
    store: Store, monitoring: Monitoring, clock: ManualClock
) -> None:
    """A stricter server, that counts arrivals: what came too soon is sent again, alone."""
    begin(store, monitoring)
    monitoring.memory.limits = Limits(period=10, arrival_period=10)
    for minute in range(1, 5):
        serve_minute(store, minute)
    serve_minute(store, 1, "1.3.0")
    clock.advance(4 * 60)
    first = run(store, monitoring)
    assert (first.minutes, first.problem) == (1, "too often")
    rounds = 1
    while run(store, monitoring).problem:
        clock.advance(10)
        rounds += 1
        assert rounds < 12
    clock.advance(60)
    assert monitoring.series(REQUESTS, version="1.2.0").points[-1].end == (START + 300) * 10**9
    assert len(monitoring.series(REQUESTS, version="1.2.0").points) == 5
    assert len(monitoring.series(REQUESTS, version="1.3.0").points) == 1


def test_a_point_refused_for_good_holds_nothing_up(
    store: Store, monitoring: Monitoring, clock: ManualClock
) -> None:
    begin(store, monitoring)
    memory = Reading(series.ROLLOUT_PERCENTAGE, 5.0, {"flag": "x" * 2000})
    serve_minute(store, 1)
    clock.advance(60)
    published = run(store, monitoring, extra=lambda: Extra([memory]))
    assert (published.minutes, published.refused, published.points) == (1, 1, 10)
    assert monitoring.minutes() == [0, 1]


def test_a_monitoring_that_hangs_takes_no_more_than_its_time(
    store: Store, clock: ManualClock
) -> None:
    serve_minute(store, 0)
    clock.advance(85)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sink = CloudMonitoring("demo", f"127.0.0.1:{silent.getsockname()[1]}")
        started = time.monotonic()
        published = publish(store, sink, clock, SCOPE, seconds=1.0)
        assert time.monotonic() - started < 2.5
    assert published.problem in ("DeadlineExceeded", "ServiceUnavailable")
    assert published.minutes == 0


def test_out_of_time_between_two_minutes(
    store: Store, monitoring: Monitoring, clock: ManualClock
) -> None:
    begin(store, monitoring)
    for minute in range(1, 5):
        serve_minute(store, minute)
    clock.advance(4 * 60)

    class Slow(CloudMonitoring):
        def write(self, *arguments: Any) -> Any:
            clock.advance(0.6)
            return super().write(*arguments)

    slow = Slow("demo", f"127.0.0.1:{monitoring.port}", "europe-west1")
    published = publish(store, slow, clock, SCOPE, seconds=1.0)
    assert (published.minutes, published.problem) == (2, "out of time")
    assert run(store, monitoring).minutes == 2
    assert monitoring.minutes() == list(range(5))
    assert monitoring.memory.refused == 0


def test_without_credentials_it_waits(store: Store, clock: ManualClock) -> None:
    """On a machine that is not Google's and has no local server: said, and nothing lost."""

    class Nowhere(CloudMonitoring):
        def _client(self) -> Any:
            from google.auth.exceptions import DefaultCredentialsError

            raise DefaultCredentialsError("none")  # type: ignore[no-untyped-call]

    serve_minute(store, 0)
    clock.advance(85)
    assert publish(store, Nowhere("demo"), clock, SCOPE).problem == "DefaultCredentialsError"


def test_firestore_away_is_said(monitoring: Monitoring, clock: ManualClock) -> None:
    class Away(Store):
        def get(self, *_: Any, **__: Any) -> Document | None:
            raise StoreUnavailable("away")

    away = Away(None)  # type: ignore[arg-type]
    assert publish(away, monitoring.sink(), clock, SCOPE).problem == "away"


def test_the_sink_says_when_it_is_out_of_time(monitoring: Monitoring) -> None:
    with pytest.raises(SinkUnavailable, match="out of time"):
        monitoring.sink().write(SCOPE, points.of_readings([HEARTBEAT], START), 0)
    assert grpc.__version__
