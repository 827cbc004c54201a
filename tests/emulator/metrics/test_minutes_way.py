"""From the request to Cloud Monitoring and to the alert: what was served is what arrives."""

from __future__ import annotations

import random

from functions.alerts.watch import watch
from functions.clock import ManualClock
from functions.documents import Scope, Store
from functions.metrics import series, tally
from functions.metrics.cloud_monitoring import CloudMonitoring
from functions.metrics.minutes import Minutes
from functions.metrics.observation import Observation
from functions.metrics.publish import publish
from functions.metrics.recorder import Recorder
from functions.metrics.slots import Slots
from local.monitoring import server
from local.monitoring.memory import Memory

SCOPE = Scope("main", "production")
SEED = 11


def observation(chance: random.Random, at: float) -> Observation:
    new = chance.random() < 0.1
    failed = new and chance.random() < 0.9
    return Observation(
        service="stories",
        version="1.3.0" if new else "1.2.0",
        generation=4 if new else 3,
        at=at,
        duration_ms=chance.lognormvariate(8, 0.5),
        code="OPENAI_ERROR" if failed else "OK",
        cause="candidate" if failed else "none",
        user_hash=f"{chance.randrange(400):016x}",
        memory=0.4,
    )


def test_three_minutes_of_ten_requests_a_second_on_four_instances(store: Store) -> None:
    clock = ManualClock(1_800_000_000.0)
    chance = random.Random(SEED)
    memory = Memory()
    calls, port = server.serve(memory, 0, now_ns=lambda: round(clock.now() * 10**9))
    sink = CloudMonitoring("demo", f"127.0.0.1:{port}")
    recorders = [Recorder(store, clock) for _ in range(4)]
    slots, minutes = Slots(), Minutes()
    served = {"1.2.0": tally.EMPTY, "1.3.0": tally.EMPTY}
    fired_after: float | None = None
    for tenth in range(2_600):
        if tenth < 1_800:
            one = observation(chance, clock.now())
            chance.choice(recorders).record(SCOPE, one)
            served[one.version] = tally.merge(served[one.version], tally.of(one))
        if tenth % 100 == 0:
            flushed = slots.flushed(store, SCOPE, clock.now())
            minutes.merge(store, SCOPE, clock.now(), flushed)
            alarms = watch(store, SCOPE, flushed, clock.now()).alarms("stories", "1.3.0")
            if "p1-error-rate" in [alarm.rule for alarm in alarms] and fired_after is None:
                fired_after = tenth / 10
            publish(store, sink, clock, SCOPE)
        if tenth == 1_800:
            assert all(recorder.flush() for recorder in recorders)
        clock.advance(0.1)
    server.stop(calls)
    assert fired_after is not None
    assert fired_after <= 40
    assert memory.refused == 0
    for version, some in served.items():
        for metric, count in ((series.REQUESTS, some.requests), (series.FAILURES, some.failures)):
            points = [
                point.value.int64_value
                for stored in memory.series.values()
                if stored.key.metric == metric.type
                and dict(stored.key.labels)["version"] == version
                for point in stored.points
            ]
            assert sum(points) == count
            assert len(points) >= 3
