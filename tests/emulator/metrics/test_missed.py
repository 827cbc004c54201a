"""A control loop that was away for hours: no minute of what instances counted meanwhile is lost."""

from __future__ import annotations

import pytest

from functions.clock import ManualClock
from functions.documents import Scope, Store
from functions.metrics import missed as missed_minutes
from functions.metrics import store as metric_store
from functions.metrics.minutes import Minutes
from functions.metrics.missed import Missed
from functions.metrics.store import SlotKey
from functions.metrics.tally import Tally
from functions.metrics.windows import SLOT_SECONDS

SCOPE = Scope("main", "production")
START = 1_800_000_000
HOURS = 2
AWAY = HOURS * 3600


def count(store: Store, since: int, until: int) -> None:
    """One request in every slot, written as it ended."""
    for first in range(since, until, 400 * SLOT_SECONDS):
        starts = range(first, min(until, first + 400 * SLOT_SECONDS), SLOT_SECONDS)
        store.commit(
            [
                metric_store.slot_write(
                    SlotKey(SCOPE, start, "stories", "1.2.0", 3), "a", Tally(requests=1), start + 9
                )
                for start in starts
            ]
        )


def look(store: Store, clock: ManualClock, missed: Missed, minutes: Minutes) -> bool:
    """As a tick does."""
    whole = missed.sum_up(store, clock, SCOPE)
    if whole:
        flushed = metric_store.load_flushed(store, SCOPE, clock.now())
        minutes.merge(store, SCOPE, clock.now(), flushed)
    return whole


def stored(store: Store) -> list[tuple[int, int]]:
    found = metric_store.load_minutes(store, SCOPE, START)
    return [(minute.start - START, minute.tally.requests) for minute in found]


@pytest.mark.parametrize("page", [missed_minutes.PAGE, 100, 4], ids=["one", "pages", "a part"])
@pytest.mark.parametrize("anew", [True, False], ids=["new process", "same process"])
def test_every_minute_is_summed_up_after_a_pause(
    store: Store, monkeypatch: pytest.MonkeyPatch, anew: bool, page: int
) -> None:
    monkeypatch.setattr(missed_minutes, "PAGE", page)
    clock, missed, minutes = ManualClock(START + 125), Missed(), Minutes()
    count(store, START, START + 120)
    look(store, clock, missed, minutes)
    assert stored(store) == [(0, 6), (60, 6)]
    count(store, START + 120, START + AWAY)
    clock.advance(AWAY - 120)
    if anew:
        missed, minutes = Missed(), Minutes()
    assert look(store, clock, missed, minutes)
    assert stored(store) == [(60 * n, 6) for n in range(AWAY // 60)]
    before = store.operations["reads"]
    for pause in (10, 60, 60, 100):
        clock.advance(pause)
        assert missed.sum_up(store, clock, SCOPE)
    assert store.operations["reads"] == before, "looks that follow each other read nothing"


class Slow(ManualClock):
    """Every time that it is asked how late it is, two seconds have passed."""

    def monotonic(self) -> float:
        self.advance(2)
        return super().monotonic()


def test_what_takes_too_long_is_the_next_look_s_in_whichever_process(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missed_minutes, "PAGE", 60)
    clock = Slow(START + AWAY + 5)
    count(store, START, START + AWAY)
    looks = 0
    while not look(store, clock, Missed(), Minutes()):
        looks += 1
        newest = metric_store.newest_minute(store, SCOPE)
        assert newest is not None
        assert newest < clock.now() - 180, "no later minute is stored before those that are missed"
        clock.advance(10)
    assert looks > 3
    found = stored(store)
    assert [requests for _, requests in found] == [6] * len(found)
    assert len(found) >= AWAY // 60 - 3, "but the last ones, which the next look has"


@pytest.mark.parametrize("anew", [True, False], ids=["new process", "same process"])
def test_however_long_a_minute_takes_each_look_stores_another(
    store: Store, monkeypatch: pytest.MonkeyPatch, anew: bool
) -> None:
    """A page is less than a minute, and takes longer than a look has."""
    monkeypatch.setattr(missed_minutes, "PAGE", 4)
    monkeypatch.setattr(missed_minutes, "SECONDS", 1.0)
    clock, missed = Slow(START + AWAY // 4), Missed()
    count(store, START, START + AWAY // 4)
    missed.sum_up(store, clock, SCOPE)
    reached = metric_store.newest_minute(store, SCOPE)
    for _ in range(4):
        missed = Missed() if anew else missed
        assert not missed.sum_up(store, clock, SCOPE)
        newest = metric_store.newest_minute(store, SCOPE)
        assert reached is not None
        assert newest is not None
        assert newest > reached
        reached = newest


def test_a_minute_that_was_stored_too_early_is_made_whole(store: Store) -> None:
    clock = ManualClock(START + 61)
    count(store, START, START + 30)
    look(store, clock, Missed(), Minutes())
    assert stored(store) == [(0, 3)]
    count(store, START + 30, START + 60)
    clock.advance(600)
    look(store, clock, Missed(), Minutes())
    assert stored(store) == [(0, 6)]


def test_an_environment_at_rest_costs_two_reads_after_a_pause(store: Store) -> None:
    clock, missed = ManualClock(START), Missed()
    assert missed.sum_up(store, clock, SCOPE)
    assert store.operations["reads"] == 2
