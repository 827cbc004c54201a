"""Every closed minute is in a budget once: with two ticks at once, after a pause, and its past."""

from __future__ import annotations

import pytest

from functions.alerts.objectives import burn, store
from functions.alerts.objectives.counting import Count
from functions.alerts.objectives.keep import Budgets
from functions.alerts.objectives.ledger import Ledger
from functions.alerts.objectives.objective import Kind, Objective
from functions.documents import Scope, Store, Write
from functions.metrics import hour_store
from functions.metrics.measures import PARTS
from functions.metrics.tally import Tally
from functions.metrics.windows import Window
from functions.published import timestamp

SCOPE = Scope("main", "production")
START = 1_800_000_000 - 1_800_000_000 % 86_400
UP = Objective("up", "stories", Kind.AVAILABILITY, 0.99)
FOUND = Objective("found", "search", Kind.AVAILABILITY, 0.9)
BOTH = [UP, FOUND]


def slot(minute: int, requests: int, failures: int = 0, service: str = "stories") -> Window:
    start = START + 60 * minute + 30
    tally = Tally(requests=requests, failures=failures)
    return Window(start, 10, service, "1.2.0", 3, tally)


def recent(minute: int) -> list[Window]:
    """What a tick finds in that minute: two of three minutes, and some of the minute before."""
    return [slot(each, 10, each % 2) for each in range(max(0, minute - 3), minute)]


def at(minute: int) -> float:
    """When that minute is closed, and all of it written."""
    return START + 60.0 * minute + 81


def put_minute(store: Store, minute: int, requests: int = 10) -> None:
    """What a tick has made of that minute's slots."""
    data = {
        "start": timestamp(START + 60 * minute),
        "service": "stories",
        "version": "1.2.0",
        "generation": 3,
        "tally": slot(minute, requests, minute % 2).tally.to_text(),
    }
    store.commit([Write.set(SCOPE.doc("windows", f"{minute}"), data)])


def whole(ledger: Ledger) -> Count:
    return ledger.last(86_400 * 30)


def expected(minutes: range) -> Count:
    return Count(10 * len(minutes), PARTS * sum(each % 2 for each in minutes))


def test_each_minute_is_counted_once_without_a_read(store: Store) -> None:
    budgets = Budgets(store)
    for minute in range(6):
        for second in (0, 10, 38):
            slots = recent(minute + 1)
            found = budgets.advance(SCOPE, BOTH, slots, at(minute) + second)
        assert whole(found["up"]) == expected(range(minute + 1))
        assert whole(found["found"]) == Count(0, 0)
        if minute == 1:
            store.operations.clear()
    assert store.operations == {"commits": 4, "writes": 8}
    assert burn.budget(UP, found["up"]).left == pytest.approx(1 - 3 / 60 / 0.01)


def test_two_processes_count_each_minute_once(store: Store) -> None:
    one, other = Budgets(store), Budgets(store)
    for minute in range(8):
        mine = one.advance(SCOPE, BOTH, recent(minute + 1), at(minute))
        theirs = other.advance(SCOPE, BOTH, recent(minute + 1), at(minute))
        assert whole(mine["up"]) == whole(theirs["up"]) == expected(range(minute + 1))
    fresh = Budgets(store).advance(SCOPE, BOTH, recent(8), at(7))
    assert whole(fresh["up"]) == expected(range(8))


def test_after_a_pause_the_minutes_between_come_from_what_is_stored(store: Store) -> None:
    budgets = Budgets(store)
    budgets.advance(SCOPE, BOTH, recent(2), at(1))
    for minute in range(1, 58):
        put_minute(store, minute)
    found = Budgets(store).advance(SCOPE, BOTH, recent(60), at(59))
    assert whole(found["up"]) == expected(range(1, 60))


def test_what_comes_a_minute_late_is_counted_without_a_read(store: Store) -> None:
    budgets, other = Budgets(store), Budgets(store)
    early = [slot(0, 10), slot(1, 10)]
    for each in (budgets, budgets, other, other):
        each.advance(SCOPE, BOTH, early, at(1))
    before = store.operations["reads"]
    late = [slot(0, 10), slot(1, 30, failures=15)]
    found = budgets.advance(SCOPE, BOTH, late, at(1) + 10)
    assert whole(found["up"]) == Count(30, PARTS * 15)
    commits = store.operations["commits"]
    assert budgets.advance(SCOPE, BOTH, late, at(1) + 20) == found
    assert (store.operations["reads"], store.operations["commits"]) == (before, commits)
    stale = other.advance(SCOPE, BOTH, [*early, slot(2, 10)], at(2))
    assert whole(stale["up"]) == Count(40, PARTS * 15), "who has seen less undoes nothing"
    assert whole(budgets.advance(SCOPE, BOTH, [*late, slot(2, 10)], at(2))["up"]) == whole(
        stale["up"]
    )


def test_what_comes_later_is_counted_from_what_is_stored(store: Store) -> None:
    """Two minutes late, some slots of its minute are no longer in hand."""
    budgets = Budgets(store)
    for minute in range(1, 5):
        budgets.advance(SCOPE, BOTH, [slot(minute, 10)], at(minute))
    put_minute(store, 2, 25)
    before = store.operations["reads"]
    late = [slot(2, 15), slot(4, 10)]
    assert whole(budgets.advance(SCOPE, BOTH, late, at(4) + 10)["up"]) == Count(55, 0)
    assert store.operations["reads"] == before + 1
    assert whole(budgets.advance(SCOPE, BOTH, late, at(4) + 20)["up"]) == Count(55, 0)
    assert store.operations["reads"] == before + 1
    too_late = [slot(0, 15), *late]
    assert whole(budgets.advance(SCOPE, BOTH, too_late, at(4) + 30)["up"]) == Count(55, 0)


def test_a_new_objective_is_told_what_hours_of_its_service_hold(store: Store) -> None:
    for hour in range(-40 * 24, 0, 24):
        tally = Tally(requests=100, failures=1)
        for service in ("stories", "search"):
            window = Window(START + 3_600 * hour, 3_600, service, "1.2.0", 0, tally)
            store.commit([hour_store.sum_write(SCOPE, "hours", window)])
    budgets = Budgets(store)
    slots = [slot(200, 10), slot(200, 20, service="search")]
    budgets.advance(SCOPE, BOTH, slots, at(200))
    found = budgets.advance(SCOPE, BOTH, slots, at(200) + 10)
    assert whole(found["up"]) == Count(2_910, PARTS * 29)
    assert whole(found["found"]) == Count(2_920, PARTS * 29)
    before = store.operations["reads"]
    assert budgets.advance(SCOPE, BOTH, slots, at(200) + 20) == found
    assert store.operations["reads"] == before


def test_what_no_objective_needs_any_more_goes(store: Store) -> None:
    budgets = Budgets(store)
    slow = Objective("slow", "stories", Kind.LATENCY, 0.9, threshold_ms=500)
    assert set(budgets.advance(SCOPE, [UP, slow], recent(2), at(1))) == {"up", "slow"}
    assert set(budgets.advance(SCOPE, [UP], recent(3), at(2))) == {"up"}
    kept = stored(store)
    assert set(kept) == {"availability"}
    assert budgets.advance(SCOPE, [], recent(4), at(3)) == {}


def stored(of: Store) -> dict[str, Ledger]:
    return dict(store.kept(of, SCOPE, ["stories"])["stories"].ledgers)
