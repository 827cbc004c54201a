"""Hours and days are summed up once, from what is stored, wherever a run died before."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.clock import ManualClock
from functions.documents import Scope, Store, Write
from functions.metrics import hour_store, sum_hours
from functions.metrics.baselines import Baselines
from functions.metrics.hours import DAY_SECONDS, HOUR_SECONDS
from functions.metrics.tally import Tally
from functions.metrics.windows import Window
from functions.published import timestamp

SCOPE = Scope("main", "production")
START = 1_800_000_000 - 1_800_000_000 % DAY_SECONDS


def put(store: Store, offset: int, requests: int, version: str = "1.2.0") -> None:
    """A minute, `offset` seconds after START."""
    start = START + offset
    data = {
        "start": timestamp(start),
        "service": "stories",
        "version": version,
        "generation": 3,
        "tally": Tally(requests=requests).to_text(),
    }
    store.commit([Write.set(SCOPE.doc("windows", f"{start}_stories_{version}_3"), data)])


def found(pages: Iterable[list[Window]]) -> list[tuple[int, str, int]]:
    """(hours since START, version, requests) of each."""
    windows = [window for page in pages for window in page]
    return [((w.start - START) // HOUR_SECONDS, w.version, w.tally.requests) for w in windows]


def stored(store: Store, collection: str) -> list[tuple[int, str, int]]:
    until = START + 5 * DAY_SECONDS
    return found(hour_store.between(store, SCOPE, collection, START, until))


def run(store: Store, hour: float, most: int = 100) -> int:
    clock = ManualClock(START + hour * HOUR_SECONDS)
    return sum_hours.sum_hours(store, clock, SCOPE, most=most)


def test_hours_are_summed_up_when_all_of_them_can_be_there(store: Store) -> None:
    assert run(store, 1) == 0
    put(store, 0, 1)
    put(store, 3_540, 2)
    put(store, 3_540, 4, version="1.3.0")
    put(store, 3_600, 8)
    assert run(store, 1.99) == 0
    assert run(store, 2) == 1
    assert stored(store, "hours") == [(0, "1.2.0", 3), (0, "1.3.0", 4)]
    assert run(store, 2) == 0
    assert run(store, 3) == 1
    assert stored(store, "hours")[-1] == (1, "1.2.0", 8)
    assert stored(store, "days") == []


def test_days_follow_their_last_hour_after_a_pause_too(store: Store) -> None:
    put(store, 0, 1)
    put(store, 23 * HOUR_SECONDS, 2)
    put(store, 25 * HOUR_SECONDS, 4)
    assert run(store, 60, most=20) == 20
    assert stored(store, "days") == []
    assert run(store, 60) == 39
    assert stored(store, "days") == [(0, "1.2.0", 3), (24, "1.2.0", 4)]


def test_two_at_once_and_one_that_died_count_nothing_twice(store: Store) -> None:
    for minute in range(0, 7_200, 600):
        put(store, minute, 1)
    first = hour_store.sum_write(
        SCOPE, "hours", Window(START, 3_600, "stories", "1.2.0", 0, Tally(requests=6))
    )
    store.commit([first])  # what a run leaves that dies before it moves on
    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(lambda _: run(store, 3), range(4)))
    assert done == 2
    assert stored(store, "hours") == [(0, "1.2.0", 6), (1, "1.2.0", 6)]


def test_more_minutes_than_a_page_holds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for minute in range(0, 3_600, 300):
        put(store, minute, 1)
    monkeypatch.setattr(hour_store, "PAGE", 5)
    assert run(store, 2) == 1
    assert stored(store, "hours") == [(0, "1.2.0", 12)]


def test_one_services_hours_are_found_without_the_others(store: Store) -> None:
    for service, hour in (("search", 1), ("stories", 0), ("stories", 2), ("stories2", 3)):
        window = Window(START + hour * 3_600, 3_600, service, "1", 0, Tally(requests=1))
        store.commit([hour_store.sum_write(SCOPE, "hours", window)])
    pages = hour_store.of_service(store, SCOPE, "hours", "stories", START + 1)
    assert found(pages) == [(2, "1", 1)]


def test_a_baseline_is_read_once_an_hour(store: Store) -> None:
    put(store, 0, 7)
    assert run(store, 2) == 1
    baselines = Baselines(store)
    tomorrow = START + DAY_SECONDS + 600.0
    usual = baselines.of(SCOPE, "stories", "1.4.0", 2, tomorrow)
    assert usual.tally.requests == 7
    before = store.operations["reads"]
    assert baselines.of(SCOPE, "stories", "", 2, tomorrow + 60).days == 1
    assert not baselines.of(SCOPE, "search", "", 2, tomorrow).days
    assert not baselines.of(SCOPE, "stories", "1.4.0+claimed", 2, tomorrow).days
    assert store.operations["reads"] == before
    assert not baselines.of(SCOPE, "stories", "", 2, tomorrow + HOUR_SECONDS).days


def test_hours_go_after_ninety_days_and_days_after_two_years(store: Store) -> None:
    put(store, 23 * HOUR_SECONDS, 2)
    assert run(store, 25) == 1
    assert sum_hours.cleanup(store, SCOPE, START + 90 * DAY_SECONDS) == 0
    assert sum_hours.cleanup(store, SCOPE, START + 91 * DAY_SECONDS) == 1
    assert stored(store, "hours") == []
    assert stored(store, "days") == [(0, "1.2.0", 2)]
    assert sum_hours.cleanup(store, SCOPE, START + 733 * DAY_SECONDS) == 1


def test_baselines_are_asked_for_by_threads_at_an_hours_turn(store: Store) -> None:
    put(store, 0, 7)
    put(store, HOUR_SECONDS, 9)
    assert run(store, 3) == 2
    baselines = Baselines(store)

    def ask(number: int) -> tuple[int, int]:
        hour = number % 3
        at = START + DAY_SECONDS + hour * HOUR_SECONDS + 1.0
        found = baselines.of(SCOPE, "stories", f"1.{number}", 1 + number % 2, at)
        return hour, found.tally.requests

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(120))) == {(0, 7), (1, 9), (2, 0)}
