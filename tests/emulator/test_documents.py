"""Reads and commits on the Firestore emulator: preconditions, deadlines, counts."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.cloud import firestore

from functions.documents import SCHEMA, Document, Refused, Scope, Store, Write
from functions.errors import StoreUnavailable
from tests.emulator.conftest import store_at
from tests.emulator.proxy import proxy

SCOPE = Scope("main", "testing")
PATH = SCOPE.doc("flags", "f")


def read(store: Store, path: str = PATH) -> Document:
    found = store.get(path)
    assert found is not None
    return found


def test_paths() -> None:
    assert SCOPE.path == "applications/main/environments/testing"
    assert SCOPE.collection("flags") == f"{SCOPE.path}/flags"
    assert f"{SCOPE.path}/flags/f" == PATH


def test_a_document_as_it_was_written(store: Store) -> None:
    now = datetime.datetime(2026, 1, 2, 3, 4, 5, 678_000, datetime.UTC)
    store.commit([Write.create(PATH, {"n": 1, "at": now, "body": b"x", "in": {"a.b": [1]}})])
    found = read(store)
    assert found.data == {
        "schema": SCHEMA,
        "n": 1,
        "at": now,
        "body": b"x",
        "in": {"a.b": [1]},
    }
    assert (found.path, found.id) == (PATH, "f")


def test_what_is_not_there(store: Store) -> None:
    assert store.get(PATH) is None
    assert store.get_many([]) == {}
    store.commit([Write.create(PATH, {})])
    other = SCOPE.doc("flags", "g")
    found = store.get_many([other, PATH])
    assert found[other] is None
    assert found[PATH] is not None


def test_a_document_is_created_once(store: Store) -> None:
    store.commit([Write.create(PATH, {"n": 1})])
    with pytest.raises(Refused):
        store.commit([Write.create(PATH, {"n": 2})])
    assert read(store).data["n"] == 1


def test_an_update_replaces_fields_and_wants_what_was_read(store: Store) -> None:
    store.commit([Write.create(PATH, {"n": 1, "deep": {"a": 1, "b": 2}, "kept": True})])
    first = read(store)
    store.commit([Write.update(first, {"n": 2, "deep": {"a": 3}})])
    assert read(store).data == {"schema": 1, "n": 2, "deep": {"a": 3}, "kept": True}
    with pytest.raises(Refused):
        store.commit([Write.update(first, {"n": 3})])
    assert read(store).data["n"] == 2


def changed(store: Store, document: Document) -> None:
    store.commit([Write.update(document, {"n": 9})])


def gone(store: Store, document: Document) -> None:
    store.commit([Write.delete(document)])


@pytest.mark.parametrize("happens", [changed, gone])
@pytest.mark.parametrize("kind", ["update", "delete"])
def test_what_changed_since_is_refused(
    store: Store, kind: str, happens: Callable[[Store, Document], None]
) -> None:
    store.commit([Write.create(PATH, {"n": 1})])
    stale = read(store)
    happens(store, stale)
    write = Write.update(stale, {"n": 2}) if kind == "update" else Write.delete(stale)
    with pytest.raises(Refused):
        store.commit([write])


def test_unconditional_writes(store: Store) -> None:
    store.commit([Write.set(PATH, {"n": 1}), Write.delete(SCOPE.doc("flags", "nobody"))])
    store.commit([Write.set(PATH, {"m": 2})])
    assert read(store).data == {"schema": 1, "m": 2}
    store.commit([Write.delete(PATH)])
    assert store.get(PATH) is None


def test_adding_is_everybody_s_and_needs_no_reading(store: Store) -> None:
    with pytest.raises(Refused):
        store.commit([Write.add(PATH, {"n": 1})])
    assert store.get(PATH) is None
    store.commit([Write.create(PATH, {"n": 1, "kept": True})])
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(store.commit, [Write.add(PATH, {"n": n})]) for n in range(-3, 9)]:
            done.result()
    assert read(store).data == {"schema": 1, "n": 1 + sum(range(-3, 9)), "kept": True}


def test_a_commit_tells_the_versions_that_it_made(store: Store) -> None:
    """They serve as preconditions, without reading again."""
    other = SCOPE.doc("flags", "g")
    versions = store.commit([Write.create(PATH, {"n": 1}), Write.create(other, {"n": 1})])
    assert versions == [read(store).version, read(store, other).version]
    [second] = store.commit([Write.update(Document(PATH, {}, versions[0]), {"n": 2})])
    with pytest.raises(Refused):
        store.commit([Write.update(Document(PATH, {}, versions[0]), {"n": 3})])
    store.commit([Write.update(Document(PATH, {}, second), {"n": 3})])
    assert read(store).data["n"] == 3


def test_a_commit_is_all_or_nothing(store: Store) -> None:
    store.commit([Write.create(PATH, {"n": 1})])
    others = [SCOPE.doc("flags", name) for name in "abc"]
    with pytest.raises(Refused):
        store.commit([*(Write.create(path, {}) for path in others), Write.create(PATH, {})])
    assert set(store.get_many(others).values()) == {None}


def test_queries(store: Store) -> None:
    writes = [
        Write.create(SCOPE.doc("flags", f"f{n}"), {"n": n, "even": n % 2 == 0}) for n in range(5)
    ]
    store.commit(writes)
    flags = SCOPE.collection("flags")
    assert [d.id for d in store.query(flags, [("even", "==", True)])] == ["f0", "f2", "f4"]
    newest = store.query(flags, order_by="n", descending=True, limit=2)
    assert [d.data["n"] for d in newest] == [4, 3]
    assert [d.id for d in store.query(flags, [("n", ">", 3)])] == ["f4"]
    assert store.query(SCOPE.collection("nothing")) == []
    store.commit([Write.update(newest[0], {"n": 7})])  # a query's version serves a precondition
    with pytest.raises(Refused):
        store.commit([Write.update(newest[0], {"n": 8})])


def test_pages_go_on_where_the_last_one_ended(store: Store) -> None:
    """Documents of one moment are not left out, nor given twice."""
    moments = {"a": 3, "b": 2, "c": 2, "d": 2, "e": 1, "x": 2}
    store.commit(
        [
            Write.create(SCOPE.doc("flags", name), {"n": n, "own": name != "x"})
            for name, n in moments.items()
        ]
    )
    collection, where = SCOPE.collection("flags"), [("own", "==", True)]
    found: list[str] = []
    after: tuple[object, ...] = ()
    while page := store.query(
        collection, where, order_by="n", descending=True, limit=2, after=after
    ):
        found += [document.id for document in page]
        after = (page[-1].data["n"], page[-1].id)
    assert found == ["a", "d", "c", "b", "e"]
    by_id = store.query(collection, where, limit=3, after=("b",))
    assert [document.id for document in by_id] == ["c", "d", "e"]


def test_paths_without_what_is_in_the_documents(store: Store) -> None:
    store.commit([Write.create(SCOPE.doc("flags", name), {"n": name}) for name in "abc"])
    store.operations.clear()
    assert store.paths(SCOPE.collection("flags"), [("n", "in", ["a", "c"])], 10) == [
        SCOPE.doc("flags", "a"),
        SCOPE.doc("flags", "c"),
    ]
    assert len(store.paths(SCOPE.collection("flags"), [], 2)) == 2
    named = [("__name__", ">=", "b"), ("__name__", "<", "c")]
    assert store.paths(SCOPE.collection("flags"), named, 10) == [SCOPE.doc("flags", "b")]
    assert store.paths(SCOPE.collection("nothing"), [], 2) == []
    assert store.operations["reads"] == 6


def test_operations_are_counted(store: Store) -> None:
    store.commit([Write.create(PATH, {}), Write.set(SCOPE.doc("flags", "g"), {})])
    store.get(PATH)
    store.get_many([PATH, SCOPE.doc("flags", "nobody")])
    store.query(SCOPE.collection("flags"))
    store.query(SCOPE.collection("nothing"))  # costs one read all the same
    assert store.count(SCOPE.collection("flags")) == 2
    assert store.count(SCOPE.collection("flags"), [("n", "==", 3)]) == 0
    assert store.operations == {"commits": 1, "writes": 2, "reads": 1 + 2 + 2 + 1 + 1 + 1}


CALLS: dict[str, Callable[[Store], object]] = {
    "get": lambda store: store.get(PATH, timeout=0.5),
    "get_many": lambda store: store.get_many([PATH], timeout=0.5),
    "query": lambda store: store.query(SCOPE.collection("flags"), timeout=0.5),
    "count": lambda store: store.count(SCOPE.collection("flags"), timeout=0.5),
    "commit": lambda store: store.commit([Write.create(PATH, {})], timeout=0.5),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_store_out_of_reach_is_said_so_in_time(lost_store: Store, name: str) -> None:
    started = time.monotonic()
    with pytest.raises(StoreUnavailable):
        CALLS[name](lost_store)
    assert time.monotonic() - started < 1.5


def test_a_commit_that_was_never_sent_says_that_nothing_was_written() -> None:
    with (
        store_at("127.0.0.1:1", "demo-lost") as store,
        pytest.raises(StoreUnavailable, match="nothing was written"),
    ):
        store.commit([Write.create(PATH, {})])


def test_a_commit_whose_answer_is_lost_promises_nothing(
    store: Store, firestore_client: firestore.Client, firestore_emulator: str
) -> None:
    """It was made, and the connection cut before that could be heard."""
    with (
        proxy(firestore_emulator) as between,
        store_at(between.address, str(firestore_client.project)) as far,
    ):
        far.get(PATH)  # the connection stands
        asked = False

        def heard(_data: bytes) -> None:
            nonlocal asked
            asked = True

        def answered(_data: bytes) -> None:
            if asked and store.get(PATH):
                between.cut()

        between.on_request, between.on_answer = heard, answered
        with pytest.raises(StoreUnavailable) as caught:
            far.commit([Write.create(PATH, {"n": 1})])
    assert "may have been made or not" in caught.value.detail
    assert "Read what you wanted" in caught.value.remedy
    assert read(store).data["n"] == 1


def test_an_answer_that_breaks_off_is_no_crash(
    store: Store, firestore_client: firestore.Client, firestore_emulator: str
) -> None:
    """The connection is cut in the middle of what a query finds."""
    store.commit([Write.create(f"{PATH}{n}", {"n": "x" * 90_000}) for n in range(10)])
    with (
        proxy(firestore_emulator) as between,
        store_at(between.address, str(firestore_client.project)) as far,
    ):
        collection = PATH.rpartition("/")[0]
        assert len(far.query(collection)) == 10
        heard = 0

        def answered(data: bytes) -> None:
            nonlocal heard
            heard += len(data)
            if heard > 250_000:
                between.cut()

        between.on_answer = answered
        with pytest.raises(StoreUnavailable):
            far.query(collection)


def test_a_store_that_comes_back_serves_again(
    firestore_client: firestore.Client, firestore_emulator: str
) -> None:
    with (
        proxy(firestore_emulator) as between,
        store_at(between.address, str(firestore_client.project)) as far,
    ):
        far.commit([Write.create(PATH, {"n": 1})])
        between.cut()
        with pytest.raises(StoreUnavailable):
            far.get(PATH, timeout=0.5)
        between.down = False
        until = time.monotonic() + 20
        while True:
            try:
                assert read(far).data["n"] == 1
                break
            except StoreUnavailable:
                assert time.monotonic() < until
