"""Slots become minutes, the same whoever merges them, and go when they expire."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from functions.documents import Scope, Store
from functions.metrics import minutes as minutes_module
from functions.metrics import store as metric_store
from functions.metrics.minutes import LATEST_SECONDS, Minutes, sum_again
from functions.metrics.slots import Slots
from functions.metrics.store import SlotKey, slots_of
from functions.metrics.tally import Tally
from functions.metrics.windows import Window

SCOPE = Scope("main", "production")
OTHER = Scope("main", "staging")
START = 1_800_000_000


def put(store: Store, offset: int, requests: int, instance: str = "a", flushed: float = 3) -> None:
    key = SlotKey(SCOPE, START + offset, "stories", "1.2.0", 3)
    write = metric_store.slot_write(key, instance, Tally(requests=requests), key.start + flushed)
    store.commit([write])


def merge(store: Store, now: float) -> int:
    flushed = metric_store.load_flushed(store, SCOPE, now)
    return Minutes().merge(store, SCOPE, now, flushed)


def minutes(store: Store, since: float = START) -> list[tuple[int, int]]:
    loaded = metric_store.load_minutes(store, SCOPE, since)
    return [(minute.start - START, minute.tally.requests) for minute in loaded]


def test_recent_slots_of_one_environment(store: Store) -> None:
    put(store, 0, 1)
    put(store, 100, 2)
    put(store, 200, 4)
    recent = metric_store.load_recent(store, SCOPE, START + 205, span=120)
    assert sorted(slot.tally.requests for slot in recent) == [2, 4]
    assert metric_store.load_recent(store, OTHER, START + 205) == []


def test_minutes_are_merged_when_closed_and_written_when_changed(store: Store) -> None:
    for number in range(7):
        put(store, 10 * number, 1, instance=f"i{number}")
    assert merge(store, START + 59) == 0
    assert merge(store, START + 65) == 1
    assert minutes(store) == [(0, 6)]
    assert merge(store, START + 75) == 0
    put(store, 50, 5, instance="slow", flushed=30)
    assert merge(store, START + 85) == 1
    assert minutes(store) == [(0, 11)]
    assert minutes(store, START + 60) == []


def test_a_slot_flushed_long_after_still_joins_its_minute(store: Store) -> None:
    put(store, 0, 3)
    assert merge(store, START + 70) == 1
    put(store, 10, 4, instance="idle", flushed=3000)
    assert merge(store, START + 3020) == 1
    assert minutes(store) == [(0, 7)]


def test_what_was_seen_stored_is_not_read_again(store: Store) -> None:
    known, slots = Minutes(), Slots()

    def look(now: float) -> tuple[int, int]:
        """Minutes written, and documents read for them."""
        flushed = slots.flushed(store, SCOPE, now)
        store.operations.clear()
        return known.merge(store, SCOPE, now, flushed), store.operations["reads"]

    for number in range(12):
        put(store, 10 * number, 1, instance=f"i{number}")
    assert look(START + 65) == (1, 1)
    assert look(START + 75) == (0, 0)
    assert look(START + 125) == (1, 1)
    put(store, 50, 5, instance="slow", flushed=80)
    assert look(START + 135) == (1, 1)
    put(store, 20, 4, instance="idle", flushed=2990)
    assert look(START + 3020) == (1, 9), "all slots of that minute, and the minute"
    assert look(START + 3030) == (0, 0)
    put(store, 20, 5, instance="idle", flushed=3020)
    assert look(START + 3050) == (1, 9)
    assert minutes(store) == [(0, 16), (60, 6)]


def test_a_minute_that_grows_old_is_not_read_again(store: Store) -> None:
    """Its slots fall out of sight one by one."""
    known, slots = Minutes(), Slots()
    for number in range(6):
        put(store, 10 * number, 1, flushed=9)
    for now in range(START + 65, START + 300, 10):
        flushed = slots.flushed(store, SCOPE, now)
        store.operations.clear()
        known.merge(store, SCOPE, now, flushed)
        assert now == START + 65 or not store.operations
    assert minutes(store) == [(0, 6)]


def test_a_minute_whose_slots_have_begun_to_expire_stays_as_it_is(store: Store) -> None:
    put(store, 0, 3)
    assert merge(store, START + 70) == 1
    put(store, 10, 4, instance="idle", flushed=LATEST_SECONDS + 60)
    assert merge(store, START + LATEST_SECONDS + 80) == 0
    assert minutes(store) == [(0, 3)]


def test_two_merge_at_once(store: Store) -> None:
    for number in range(12):
        put(store, 10 * number, 1, instance=f"i{number}")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: merge(store, START + 130), range(4)))
    assert minutes(store) == [(0, 6), (60, 6)]


def test_who_has_seen_less_of_the_slots_makes_no_minute_smaller(store: Store) -> None:
    """One tick reads slots and stalls; another sums up newer ones; then the first one writes."""
    stalled, other = Minutes(), Minutes()
    put(store, 0, 5)
    seen = metric_store.load_flushed(store, SCOPE, START + 61)
    put(store, 50, 7, instance="late", flushed=12)
    newer = metric_store.load_flushed(store, SCOPE, START + 63)
    assert other.merge(store, SCOPE, START + 63, newer) == 1
    assert stalled.merge(store, SCOPE, START + 63, seen) == 0
    assert minutes(store) == [(0, 12)]
    put(store, 40, 2, instance="later", flushed=30)
    newest = metric_store.load_flushed(store, SCOPE, START + 75)
    assert stalled.merge(store, SCOPE, START + 75, newest) == 1
    assert other.merge(store, SCOPE, START + 76, newer) == 0
    assert other.merge(store, SCOPE, START + 77, newest) == 0
    assert minutes(store) == [(0, 14)]


def test_summed_up_again_a_minute_is_as_its_slots_say_and_undoes_nothing_newer(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, 0, 5)
    put(store, 10, 7, instance="mistaken")
    assert merge(store, START + 65) == 1
    put(store, 10, 1, instance="mistaken")
    assert sum_again(store, SCOPE, START) == 1
    assert minutes(store) == [(0, 6)]
    assert sum_again(store, SCOPE, START) == 0

    def meanwhile(*asked: Any) -> list[Window]:
        found = slots_of(*asked)
        put(store, 20, 4, instance="late")
        assert merge(store, START + 75) == 1
        return found

    put(store, 10, 0, instance="mistaken")
    monkeypatch.setattr(minutes_module, "slots_of", meanwhile)
    assert sum_again(store, SCOPE, START) == 0
    assert minutes(store) == [(0, 9)]


def test_what_expired_is_deleted_in_batches(store: Store) -> None:
    for number in range(5):
        put(store, 10 * number, 1)
    merge(store, START + 65)
    assert metric_store.cleanup(store, SCOPE, START + 3600) == 0
    later = START + metric_store.SLOTS_KEPT_SECONDS + 20
    assert metric_store.cleanup(store, SCOPE, later) == 3
    assert minutes(store) == [(0, 5)]
    assert metric_store.cleanup(store, SCOPE, START + metric_store.WINDOWS_KEPT_SECONDS) == 3
    assert minutes(store) == []
