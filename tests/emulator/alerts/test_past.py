"""Minutes for rules that look far back: read once, and again while they may still change."""

from __future__ import annotations

import pytest

from functions.alerts.past import Past
from functions.documents import Scope, Store, Write
from functions.metrics import hour_store
from functions.metrics.store import minute_path
from functions.metrics.tally import Tally
from functions.metrics.windows import Window
from functions.published import timestamp

SCOPE = Scope("main", "production")
START = 1_800_000_000


def put(store: Store, minute: int, requests: int = 1) -> None:
    window = Window(START + 60 * minute, 60, "stories", "1.3.0", 3, Tally(requests=requests))
    data = {
        "start": timestamp(window.start),
        "service": window.service,
        "version": window.version,
        "generation": window.generation,
        "tally": window.tally.to_text(),
    }
    store.commit([Write.set(minute_path(SCOPE, window), data)])


def seen(past: Past, store: Store, minute: int, reach: int = 600) -> list[int]:
    found = past.of(store, SCOPE, START + 60.0 * minute, reach)
    return [(each.start - START) // 60 for each in found]


def test_minutes_are_read_once_and_those_that_may_change_again(store: Store) -> None:
    for minute in range(20):
        put(store, minute)
    past = Past()
    assert seen(past, store, 15) == list(range(3, 13)), "what is younger is told by slots"
    before = store.operations["reads"]
    assert seen(past, store, 15) == list(range(3, 13))
    assert store.operations["reads"] == before
    put(store, 12, requests=7)
    assert seen(past, store, 16) == list(range(4, 14))
    assert store.operations["reads"] - before <= 4
    found = past.of(store, SCOPE, START + 60.0 * 16, 600)
    assert [each.tally.requests for each in found if each.start == START + 720] == [7]


def test_what_nobody_needs_is_not_read(store: Store) -> None:
    put(store, 3)
    before = store.operations["reads"]
    assert seen(Past(), store, 10, reach=180) == []
    assert store.operations["reads"] == before


def test_a_longer_reach_reads_anew(store: Store) -> None:
    for minute in range(10):
        put(store, minute)
    past = Past()
    assert seen(past, store, 10, reach=300) == [3, 4, 5, 6, 7]
    assert seen(past, store, 10, reach=600) == list(range(8))
    assert seen(past, store, 30, reach=300) == []


def test_more_minutes_than_a_page_holds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for minute in range(20):
        put(store, minute)
    monkeypatch.setattr(hour_store, "PAGE", 3)
    past = Past()
    assert seen(past, store, 15) == list(range(3, 13))
    assert seen(past, store, 16) == list(range(4, 14))
