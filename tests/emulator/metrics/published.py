"""A local Cloud Monitoring on a test's clock, and minutes to publish to it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from functions.clock import ManualClock
from functions.documents import Scope, Store, Write
from functions.metrics import points, series, tally
from functions.metrics.cloud_monitoring import CloudMonitoring
from functions.metrics.observation import Observation
from functions.metrics.publish import Published, publish
from functions.metrics.store import WINDOWS_KEPT_SECONDS
from functions.published import timestamp
from local.monitoring import server
from local.monitoring.memory import Memory, Series
from local.monitoring.rules import Limits

SCOPE = Scope("main", "production")
START = 1_800_000_000
REQUESTS = series.REQUESTS.type


class Monitoring:
    """A local Cloud Monitoring on the test's clock, that can be switched off."""

    def __init__(self, clock: ManualClock, limits: Limits) -> None:
        self.clock = clock
        self.memory = Memory(limits)
        self.calls: Any = None
        self.port = 0
        self.project = "demo"
        self.up()

    def up(self) -> None:
        now = lambda: round(self.clock.now() * 10**9)  # noqa: E731
        self.calls, self.port = server.serve(self.memory, self.port, now_ns=now)

    def down(self) -> None:
        server.stop(self.calls)

    def sink(self) -> CloudMonitoring:
        return CloudMonitoring(self.project, f"127.0.0.1:{self.port}", "europe-west1")

    def minutes(self, metric: str = REQUESTS) -> list[int]:
        """The minutes (from START) that a metric's series have, all of them alike."""
        found = [some for some in self.memory.series.values() if some.key.metric == metric]
        ends = [[point.end // 10**9 for point in some.points] for some in found]
        assert all(each == ends[0] for each in ends), "every series has every minute"
        return [(end - START) // 60 - 1 for end in (ends[0] if ends else [])]

    def series(self, metric: str, **labels: str) -> Series:
        for some in self.memory.series.values():
            if some.key.metric == metric and labels.items() <= dict(some.key.labels).items():
                return some
        raise AssertionError(f"no series of {metric} with {labels}")


def serve_minute(
    store: Store,
    minute: int,
    version: str = "1.2.0",
    measures: Mapping[str, float] | None = None,
    *,
    requests: int = 10,
    failing: int = 1,
) -> None:
    """The merged window of a minute (counted from START) in which requests ended, each with the
    same measures."""
    start = START + 60 * minute
    some = tally.merge_all(
        tally.of(
            Observation(
                "stories",
                version,
                3,
                start + n,
                900.0 + n,
                "OPENAI_ERROR" if n < failing else "OK",
                "candidate" if n < failing else "none",
                f"{n:016x}",
                memory=0.5,
                measures=measures or {},
            )
        )
        for n in range(requests)
    )
    data = {
        "start": timestamp(start),
        "service": "stories",
        "version": version,
        "generation": 3,
        "tally": some.to_text(),
        "expires_at": timestamp(start + WINDOWS_KEPT_SECONDS),
    }
    store.commit([Write.set(SCOPE.doc("windows", f"{start}_stories_{version}_3"), data)])


def run(store: Store, monitoring: Monitoring, **options: Any) -> Published:
    return publish(store, monitoring.sink(), monitoring.clock, SCOPE, **options)


def series_of(measures: Iterable[str]) -> int:
    return sum(len(points.published_as(name)) for name in measures)


def begin(store: Store, monitoring: Monitoring) -> None:
    """A first minute, so that there is a watermark."""
    serve_minute(store, 0)
    monitoring.clock.advance(85)
    assert run(store, monitoring) == Published(minutes=1, points=10)


def reconnected(store: Store, monitoring: Monitoring, **options: Any) -> Published:
    """The first run that gets through: a client's channel waits a little before it tries again."""
    for _ in range(80):
        published = run(store, monitoring, **options)
        if published.problem != "ServiceUnavailable":
            return published
        time.sleep(0.1)
    raise AssertionError("Cloud Monitoring stays out of reach")
