"""What is kept of the slots is what is stored, for fewer reads."""

from __future__ import annotations

import random

import pytest

from functions.documents import Scope, Store, Write
from functions.metrics import slots as slots_module
from functions.metrics import store as metric_store
from functions.metrics.slots import OVERLAP_SECONDS, Slots
from functions.metrics.store import RECENT_SECONDS, SlotKey
from functions.metrics.tally import Tally
from functions.metrics.windows import Window, slot_start

SCOPE = Scope("main", "production")
START = 1_800_000_000


def slot(at: float, instance: str, requests: int, flushed: float) -> Write:
    key = SlotKey(SCOPE, slot_start(at), "stories", "1.2.0", 3)
    return metric_store.slot_write(key, instance, Tally(requests=requests), flushed)


def write(store: Store, at: float, instance: str, requests: int, flushed: float) -> None:
    store.commit([slot(at, instance, requests, flushed)])


def in_order(slots: list[Window]) -> list[tuple[int, int]]:
    return sorted((slot.start, slot.tally.requests) for slot in slots)


def test_looks_see_what_is_stored(store: Store) -> None:
    """Instances write, overwrite and write late; every look sees as much as one at all of it."""
    chance = random.Random(3)
    slots = Slots()
    counted: dict[tuple[int, str], int] = {}
    for second in range(0, 300, 10):
        now = START + second
        writes = []
        for instance in "abc":
            at = now - chance.choice([0, 0, 0, 4, 12, 70])
            key = (slot_start(at), instance)
            counted[key] = counted.get(key, 0) + 1
            begun = max(at, now - chance.uniform(0, OVERLAP_SECONDS - 6))
            writes.append(slot(at, instance, counted[key], begun))
        store.commit(writes)
        expected = metric_store.load_flushed(store, SCOPE, now)
        assert in_order(slots.flushed(store, SCOPE, now)) == in_order(expected)
        recent = metric_store.load_recent(store, SCOPE, now, 60)
        assert in_order(slots.recent(store, SCOPE, now, 60)) == in_order(recent)


def test_a_look_reads_what_was_written_since_the_last(store: Store) -> None:
    for number in range(18):
        write(store, START + 10 * number, "a", 7, START + 10 * number + 9)
    slots = Slots()
    store.operations.clear()
    assert len(slots.flushed(store, SCOPE, START + 180)) == 18
    assert store.operations["reads"] == 18
    store.operations.clear()
    assert len(slots.flushed(store, SCOPE, START + 185)) == 18
    assert store.operations["reads"] == 3, "of the 20 seconds before the last that was seen"
    assert len(slots.flushed(store, SCOPE, START + 500)) == 0


def test_one_look_reads_once(store: Store) -> None:
    write(store, START, "a", 7, START + 9)
    slots = Slots()
    seen = slots.flushed(store, SCOPE, START + 10)
    store.operations.clear()
    assert slots.recent(store, SCOPE, START + 11, RECENT_SECONDS) == seen
    assert not store.operations
    write(store, START, "b", 2, START + 9)
    assert len(slots.recent(store, SCOPE, START + 12, RECENT_SECONDS)) == 2


def test_a_longer_span_is_read_once_from_what_is_stored(store: Store) -> None:
    """As after an outage of `tick`; what is written anew counts as it stands."""
    for second in range(0, 900, 10):
        write(store, START + second, "a", 1 + second, START + second + 9)
    slots = Slots()
    for now in range(START + 900, START + 1_000, 10):
        write(store, now - 10, "b", 3, now - 1)
        write(store, START + 100, "a", now, now - 1)
        store.operations.clear()
        found = slots.recent(store, SCOPE, now, now - START)
        assert store.operations["reads"] < (30 if now % 60 else 150)
        assert in_order(found) == in_order(metric_store.load_recent(store, SCOPE, now, now - START))


def test_what_is_read_in_pages_is_all(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        write(store, START, f"i{number}", number, START + 9)
    monkeypatch.setattr(metric_store, "SLOTS_PAGE", 3)
    found = Slots().flushed(store, SCOPE, START + 10)
    assert in_order(found) == [(START, number) for number in range(7)]


def test_a_clock_that_is_set_back_reads_all_again(store: Store) -> None:
    slots = Slots()
    assert slots.flushed(store, SCOPE, START + 500) == []
    write(store, START, "a", 7, START + 9)
    assert in_order(slots.flushed(store, SCOPE, START + 60)) == [(START, 7)]


def test_a_cut_list_is_not_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        write(store, START, f"i{number}", 1, START + 9)
    slots = Slots()
    for module in (slots_module, metric_store):
        monkeypatch.setattr(module, "SLOTS_LIMIT", 2)
    assert len(slots.flushed(store, SCOPE, START + 10)) == 2
    for module in (slots_module, metric_store):
        monkeypatch.setattr(module, "SLOTS_LIMIT", 60_000)
    assert len(slots.flushed(store, SCOPE, START + 80)) == 3


def test_a_tick_whose_clock_is_ahead_sees_what_is_written_now(store: Store) -> None:
    ahead = 120
    slots = Slots()
    for second in range(0, 200, 10):
        write(store, START + second, "a", second + 1, START + second + 9)
        looked_at = START + second + 10 + ahead
        newest = max(slots.flushed(store, SCOPE, looked_at), key=lambda slot: slot.start)
        assert (newest.start - START, newest.tally.requests) == (second, second + 1)


def test_an_instance_whose_clock_is_behind_the_others_is_seen_within_a_minute(store: Store) -> None:
    behind = 120
    slots = Slots()
    for second in range(0, 300, 10):
        now = START + second + 10
        write(store, now - 10, "well", 1, now - 1)
        write(store, now - 10 - behind, "behind", 1, now - 1 - behind)
        seen = in_order(slots.flushed(store, SCOPE, now))
        all_of_a_minute_ago = metric_store.load_flushed(store, SCOPE, now)
        missing = [each for each in in_order(all_of_a_minute_ago) if each not in seen]
        assert all(start >= now - 10 - behind - 60 for start, _ in missing)


def test_once_rollouts_have_evidence_their_looks_read_no_more(store: Store) -> None:
    slots = Slots()
    for second in range(0, 250, 10):
        now = START + second + 10
        write(store, now - 10, "a", 1, now - 1)
        slots.flushed(store, SCOPE, now)
    store.operations.clear()
    assert len(slots.recent(store, SCOPE, START + 250, 245)) == 25
    assert not store.operations
