"""No tick ran for two hours, and then one does: Cloud Monitoring has every minute, in order."""

from __future__ import annotations

import pytest

from functions.clock import ManualClock
from functions.documents import Store, Write
from functions.metrics import series
from functions.metrics.observation import Observation
from functions.metrics.store import SlotKey, slot_write
from functions.metrics.tally import Tally, of
from functions.minute import Deps
from functions.tick import tick
from local.monitoring.rules import Limits
from tests.emulator.metrics.published import SCOPE, START, Monitoring

AWAY = 120 * 60


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START + 85)


def one(key: SlotKey) -> Tally:
    at = key.start + 1.0
    return of(Observation(key.service, key.version, 3, at, 900.0, "OK", "none", "0" * 16))


def serve(store: Store, since: int, until: int) -> None:
    for first in range(since, until, 2_000):
        starts = range(first, min(until, first + 2_000), 10)
        keys = [SlotKey(SCOPE, start, "stories", "1.2.0", 3) for start in starts]
        store.commit([slot_write(key, "a", one(key), key.start + 9) for key in keys])


def test_every_minute_is_published_after_a_pause(store: Store, clock: ManualClock) -> None:
    monitoring = Monitoring(clock, Limits())
    store.commit([Write.create("applications/main", {}), Write.create(SCOPE.path, {})])
    serve(store, START, START + 60)
    tick(Deps(store, clock, monitoring.sink()))
    assert monitoring.minutes() == [0]
    serve(store, START + 60, START + AWAY)
    clock.advance(AWAY)
    for _ in range(3):
        tick(Deps(store, clock, monitoring.sink()))
        clock.advance(60)
    assert monitoring.minutes() == list(range(AWAY // 60))
    assert monitoring.memory.refused == 0
    requests = monitoring.series(series.REQUESTS.type, version="1.2.0").points
    assert {point.value.int64_value for point in requests} == {6}
    monitoring.down()


def test_there_is_no_heartbeat_while_the_rules_are_not_evaluated(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monitoring = Monitoring(clock, Limits())
    store.commit([Write.create("applications/main", {}), Write.create(SCOPE.path, {})])
    serve(store, START, START + 60)
    deps = Deps(store, clock, monitoring.sink())
    tick(deps)
    serve(store, START + 60, START + 120)
    clock.advance(60)
    with monkeypatch.context() as broken:
        broken.setattr("functions.tick.watch", lambda *_, **__: 1 // 0)
        [step, *_] = tick(deps)
    assert step[SCOPE].failed
    assert monitoring.minutes(series.TICK_HEARTBEAT.type) == [0]
    clock.advance(10)
    tick(deps)
    assert monitoring.minutes(series.TICK_HEARTBEAT.type)[0] == 0
    assert len(monitoring.minutes(series.TICK_HEARTBEAT.type)) == 2
    assert monitoring.minutes() == [0, 1]
    monitoring.down()
