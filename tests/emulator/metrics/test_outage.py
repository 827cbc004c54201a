"""Cloud Monitoring is away for three hours and comes back: every minute arrives, in order, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest

from functions.alerts.thresholds import RULES
from functions.alerts.values import reach_seconds, values
from functions.clock import ManualClock
from functions.documents import Store
from functions.metrics import due, series
from functions.metrics.due import Extra, Held
from functions.metrics.publish import lag
from functions.metrics.series import Reading
from functions.metrics.windows import Window
from tests.emulator.metrics.published import (
    REQUESTS,
    SCOPE,
    START,
    Monitoring,
    reconnected,
    run,
    serve_minute,
)

MINUTES = 180
IDLE = range(60, 70)
"""Nobody asks for anything in these."""

BAD = range(100, 103)
"""Every fifth request fails in these."""


def extra() -> Extra:
    return Extra(derive=partial(values, RULES), reach_seconds=reach_seconds(RULES))


def ends(monitoring: Monitoring, metric: series.Metric, **labels: str) -> list[int]:
    """The minutes that a series has points of, in the order in which they came."""
    found = monitoring.series(metric.type, **labels).points
    return [(point.end // 10**9 - START) // 60 - 1 for point in found]


def test_down_for_three_hours_and_back(
    store: Store, monitoring: Monitoring, clock: ManualClock
) -> None:
    serve_minute(store, 0, requests=100, failing=0)
    clock.advance(85)
    assert run(store, monitoring, extra=extra).minutes == 1
    monitoring.down()
    served = [minute for minute in range(1, MINUTES + 1) if minute not in IDLE]
    for minute in served:
        serve_minute(store, minute, requests=100, failing=20 if minute in BAD else 0)
    for _ in range(3):
        clock.advance(3600)
        assert run(store, monitoring, extra=extra).problem == "ServiceUnavailable"
    assert lag(store, SCOPE, clock.now()) == 25 + MINUTES * 60
    monitoring.up()

    published = reconnected(store, monitoring, extra=extra, seconds=600)
    assert (published.problem, published.refused) == ("", 0)
    assert ends(monitoring, series.REQUESTS, version="1.2.0") == [0, *served]
    assert ends(monitoring, series.EXECUTION_TIME, version="1.2.0") == [0, *served]
    assert ends(monitoring, series.TICK_HEARTBEAT) == [0, MINUTES]
    assert monitoring.memory.refused == 0
    written = sum(len(some.points) for some in monitoring.memory.series.values())
    assert monitoring.memory.written == written, "nothing was sent twice"

    p1 = monitoring.series(series.RULE_VALUE.type, rule="p1-error-rate").points
    assert {point.end // 10**9: point.value.double_value for point in p1} == {
        START + 60 * (minute + 1): 0.2 if minute in BAD else 0.0 for minute in [0, *served]
    }
    p3 = ends(monitoring, series.RULE_VALUE, rule="p3-error-rate")
    assert p3 == [0, *(m for m in range(1, MINUTES + 1) if m not in IDLE[2:])], (
        "its window of three minutes reaches back to the last requests"
    )


def test_what_is_caught_up_in_pieces_is_whole(
    store: Store, monitoring: Monitoring, clock: ManualClock
) -> None:
    """Each run has time for a few minutes only."""
    for minute in range(13):
        serve_minute(store, minute)
    clock.advance(85)
    assert run(store, monitoring).minutes == 1
    clock.advance(12 * 60)

    def slow(windows: Sequence[Window], end: int) -> list[Reading]:
        clock.advance(0.3)
        return values(RULES, windows, end)

    runs = 0
    while run(store, monitoring, extra=lambda: Extra(derive=slow), seconds=1).problem:
        runs += 1
        assert runs < 12
    assert runs >= 2
    assert monitoring.minutes() == list(range(13))
    assert monitoring.memory.refused == 0


@pytest.mark.parametrize("limit", [2, 4, 5, 9, 100])
def test_what_is_too_much_for_one_query_follows(
    store: Store,
    monitoring: Monitoring,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
    limit: int,
) -> None:
    """Four versions a minute, and rules that look three minutes back: a limit below sixteen holds
    no whole minute at first."""
    monkeypatch.setattr(due, "WINDOWS_LIMIT", limit)
    versions = ("1.2.0", "1.3.0", "1.4.0", "1.5.0")
    for minute in range(8):
        for version in versions:
            serve_minute(store, minute, version)
    clock.advance(85)
    assert run(store, monitoring, extra=extra).minutes == 1
    clock.advance(7 * 60)
    runs = 0
    while lag(store, SCOPE, clock.now()) != 25:
        published = run(store, monitoring, extra=extra)
        assert published.problem == ""
        assert published.minutes >= 1, "each run comes further"
        runs += 1
    assert (runs > 1) == (limit < 4 * 10)
    assert monitoring.minutes() == list(range(8))
    assert monitoring.memory.refused == 0


def test_what_rules_look_back_on_is_not_read_each_minute(
    store: Store, monitoring: Monitoring, clock: ManualClock
) -> None:
    """A rule with a window of an hour: after the first run three minutes are read, not sixty. What
    it gives is what it would give from all of them."""
    hourly = replace(RULES[1], id="hourly", window_seconds=3600)
    held = Held()

    def long() -> Extra:
        return Extra(derive=partial(values, [hourly]), reach_seconds=3600, held=held)

    def serve(minute: int) -> None:
        serve_minute(store, minute, requests=5, failing=int(minute % 10 == 0))

    for minute in range(65):
        serve(minute)
    clock.advance(65 * 60 + 25)
    assert run(store, monitoring, extra=long).minutes == 1
    costs = []
    for minute in range(65, 70):
        serve(minute)
        clock.advance(60)
        before = store.operations["reads"]
        assert run(store, monitoring, extra=long).minutes == 1
        costs.append(store.operations["reads"] - before)
    assert max(costs) <= 3 + 4, "three minutes, and the publisher's own document"
    shares = monitoring.series(series.RULE_VALUE.type, rule="hourly").points
    assert [point.value.double_value for point in shares] == [6 / 300] * len(shares)
    assert len(shares) == 6


def test_two_publishers_after_an_outage(
    store: Store, monitoring: Monitoring, clock: ManualClock
) -> None:
    """One has the claim; the other leaves it at that, and sends nothing."""
    serve_minute(store, 0)
    clock.advance(85)
    assert run(store, monitoring, extra=extra).minutes == 1
    for minute in range(1, 6):
        serve_minute(store, minute)
    clock.advance(5 * 60)
    others = []

    def meanwhile(windows: Sequence[Window], end: int) -> list[Reading]:
        others.append(run(store, monitoring, extra=extra))
        return values(RULES, windows, end)

    first = run(store, monitoring, extra=lambda: Extra(derive=meanwhile, reach_seconds=180))
    assert first.problem in ("", "taken over")
    assert len(others) >= 1
    assert first.minutes + sum(other.minutes for other in others) == 5
    assert monitoring.minutes() == list(range(6))
    assert REQUESTS in monitoring.memory.descriptors
    assert monitoring.memory.refused == 0
