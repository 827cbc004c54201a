"""The snapshot cache on the Firestore emulator: its cost, its age, what it survives."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from functions.changes import Decision
from functions.clock import ManualClock, SystemClock
from functions.documents import Document, Scope, Store
from functions.errors import RateLimited, StoreUnavailable
from functions.flags.flag import Flag
from functions.flags.manage.flags import create_flag, edit_flag
from functions.flags.snapshot import FAILURE_SECONDS, MAXIMUM_SCOPES, SnapshotCache
from tests.emulator.flags.conftest import OTHER, SCOPE, commit, definition, publish


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def cache(store: Store, clock: ManualClock) -> SnapshotCache:
    commit(store, create_flag(Flag("f", definition())))
    store.operations.clear()
    return SnapshotCache(store, clock)


def test_parts_of_the_control_loop_are_not_read(store: Store, cache: SnapshotCache) -> None:
    commit(store, lambda _: Decision(parts={"rules": {"r": {}}, "declared": {"m": {"kind": "x"}}}))
    store.operations.clear()
    snapshot = cache.get(SCOPE)
    assert snapshot.declared == {"m": {"kind": "x"}}
    assert snapshot.published_at > 0
    flags_and_declared = 2
    assert store.operations["reads"] == 1 + flags_and_declared


class Away(Store):
    """A store that can be cut off, and whose reads can be held up."""

    def __init__(self, client: firestore.Client) -> None:
        super().__init__(client)
        self.down = False
        self.gate: threading.Event | None = None
        self.tried = 0

    def get(self, path: str, *, timeout: float = 3.0) -> Document | None:
        self.tried += 1
        if self.gate:
            assert self.gate.wait(10)
        if self.down:
            raise StoreUnavailable("down")
        return super().get(path, timeout=timeout)


@pytest.fixture
def away(firestore_client: firestore.Client) -> Away:
    store = Away(firestore_client)
    commit(store, create_flag(Flag("f", definition())))
    store.tried = 0
    store.operations.clear()
    return store


def test_what_it_costs(store: Store, cache: SnapshotCache, clock: ManualClock) -> None:
    snapshot = cache.get(SCOPE)
    assert store.operations == {"reads": 2}  # the pointer and one part
    for _ in range(100):
        assert cache.get(SCOPE).evaluator.evaluate("f").value is False
    assert store.operations == {"reads": 2}
    clock.advance(2)
    assert cache.get(SCOPE) is snapshot
    assert store.operations == {"reads": 3}  # the pointer alone


def test_a_change_is_seen_after_the_time_to_live(
    store: Store, cache: SnapshotCache, clock: ManualClock
) -> None:
    cache.get(SCOPE)
    commit(store, edit_flag("f", 1, {"definition": definition("on")}))
    assert cache.get(SCOPE).evaluator.evaluate("f").value is False
    clock.advance(2)
    newer = cache.get(SCOPE)
    assert (newer.generation, newer.evaluator.evaluate("f").value) == (2, True)


def test_only_what_changed_is_fetched_and_compiled(
    store: Store, cache: SnapshotCache, clock: ManualClock
) -> None:
    before = cache.get(SCOPE)
    publish(store, {"services": {"stories": {}}})
    clock.advance(2)
    store.operations.clear()
    after = cache.get(SCOPE)
    assert store.operations == {"reads": 2}
    assert after.services == {"stories": {}}
    assert after.evaluator is before.evaluator
    assert after.generation == before.generation + 1


def test_one_refreshes_while_the_others_serve(away: Away, clock: ManualClock) -> None:
    cache = SnapshotCache(away, clock)
    old = cache.get(SCOPE)
    clock.advance(2)
    away.gate = threading.Event()
    with ThreadPoolExecutor(8) as pool:
        refreshing = pool.submit(cache.get, SCOPE)
        while away.tried < 2:
            time.sleep(0.001)
        started = time.monotonic()
        assert all(pool.map(lambda _: cache.get(SCOPE) is old, range(50)))
        assert time.monotonic() - started < 1
        away.gate.set()
        assert refreshing.result() is old
    assert away.tried == 2


def test_firestore_down_serves_what_is_there(
    away: Away, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = SnapshotCache(away, clock)
    old = cache.get(SCOPE)
    away.down = True
    for _ in range(5):
        clock.advance(60)
        assert cache.get(SCOPE) is old
        assert cache.get(SCOPE) is old
    assert away.tried == 6  # one attempt for each time to live
    assert "snapshot is stale" in capsys.readouterr().out
    away.down = False
    clock.advance(2)
    commit(away, edit_flag("f", 1, {"definition": definition("on")}))
    assert cache.get(SCOPE).generation == 2


def test_a_broken_publication_leaves_the_last_good_one(
    store: Store, cache: SnapshotCache, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    old = cache.get(SCOPE)
    publish(store, {"flags": {"document": {"flags": "nonsense"}}})
    clock.advance(2)
    assert cache.get(SCOPE) is old
    assert "snapshot can't be read" in capsys.readouterr().err


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def dead_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def store_at(port: int, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"127.0.0.1:{port}")
    return Store(firestore.Client(project="demo-dead", credentials=AnonymousCredentials()))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("silent", [False, True], ids=["refused", "silent"])
def test_cold_and_down_is_a_clear_503_within_2_s(
    silent: bool, silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_at(silent_port if silent else dead_port(), monkeypatch)
    cache = SnapshotCache(store, SystemClock())

    def ask(_: int) -> float:
        started = time.monotonic()
        with pytest.raises(StoreUnavailable):
            cache.get(SCOPE)
        return time.monotonic() - started

    with ThreadPoolExecutor(20) as pool:
        waited = list(pool.map(ask, range(20)))
    assert max(waited) < 2
    assert store.operations["reads"] == 1  # the others shared its result


def test_after_a_cold_failure_it_is_tried_again(away: Away, clock: ManualClock) -> None:
    cache = SnapshotCache(away, clock)
    away.down = True
    for _ in range(10):
        with pytest.raises(StoreUnavailable):
            cache.get(SCOPE)
    assert away.tried == 1
    away.down = False
    clock.advance(FAILURE_SECONDS)
    assert cache.get(SCOPE).generation == 1


def test_the_first_load_is_shared(away: Away, clock: ManualClock) -> None:
    cache = SnapshotCache(away, clock)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: cache.get(SCOPE), range(64)))
    assert all(each is found[0] for each in found)
    assert away.tried == 1


def test_environments_are_apart(store: Store, clock: ManualClock) -> None:
    commit(store, create_flag(Flag("f", definition("on"))), SCOPE)
    commit(store, create_flag(Flag("g", definition("off"))), OTHER)
    cache = SnapshotCache(store, clock)
    assert cache.get(SCOPE).evaluator.keys == ("f",)
    assert cache.get(OTHER).evaluator.keys == ("g",)


def test_an_unknown_environment_is_empty_and_costs_little(
    store: Store, cache: SnapshotCache
) -> None:
    for _ in range(50):
        empty = cache.get(Scope("nobody", "testing"))
    assert (empty.generation, empty.evaluator.keys, empty.keys) == (0, (), {})
    assert empty.user_hash("u") != ""
    assert store.operations == {"reads": 1}


def test_forged_names_cost_bounded_reads_and_memory(
    store: Store, clock: ManualClock, cache: SnapshotCache
) -> None:
    real = cache.get(SCOPE)
    store.operations.clear()
    refused = 0
    for n in range(2_000):
        try:
            cache.get(Scope(f"forged-{n}", "testing"))
        except RateLimited:
            refused += 1
        clock.advance(0.001)
    assert store.operations["reads"] <= 20 + 2 * 5
    assert refused > 1_900
    clock.advance(2)
    assert cache.get(SCOPE) is real


def test_memory_for_unknown_environments_is_bounded(
    store: Store, clock: ManualClock, cache: SnapshotCache
) -> None:
    cache.get(SCOPE)
    for n in range(MAXIMUM_SCOPES + 50):
        clock.advance(1)
        cache.get(Scope(f"forged-{n}", "testing"))
    assert len(cache._entries) <= MAXIMUM_SCOPES
    assert SCOPE in cache._entries


def test_the_own_environment_is_never_refused(store: Store, clock: ManualClock) -> None:
    cache = SnapshotCache(store, clock, own=SCOPE)
    for n in range(50):
        try:
            cache.get(Scope(f"forged-{n}", "testing"))
        except RateLimited:
            continue
    assert cache.get(SCOPE).generation == 0


def test_five_thousand_flags_load(store: Store, clock: ManualClock) -> None:
    rules = {"if": [{"==": [{"var": "country"}, "CH"]}, "on", {"fractional": [["on", 1]]}]}
    flags = {f"flag-{n}": definition(targeting=rules) for n in range(5_000)}
    publish(store, {"flags": {"document": {"flags": flags}, "client": sorted(flags)}})
    snapshot = SnapshotCache(store, clock).get(SCOPE)
    outcomes = snapshot.evaluator.evaluate_all({"targetingKey": "u"})
    assert len(outcomes) == 5_000
    assert {each.variant for each in outcomes.values()} == {"on"}


def wait_until(holds: Callable[[], Any], seconds: float = 5) -> float:
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < seconds
        time.sleep(0.02)
    return time.monotonic() - started


def test_a_change_is_seen_by_every_instance_within_5_s(
    store: Store, firestore_client: firestore.Client
) -> None:
    commit(store, create_flag(Flag("f", definition())))
    instances = [SnapshotCache(Store(firestore_client), SystemClock()) for _ in range(3)]
    assert all(each.get(SCOPE).evaluator.evaluate("f").value is False for each in instances)
    commit(store, edit_flag("f", 1, {"definition": definition("on")}))
    assert (
        wait_until(lambda: all(i.get(SCOPE).evaluator.evaluate("f").value for i in instances)) < 5
    )
