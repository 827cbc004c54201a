"""Small definitions: stored, published together, audited, and made anew when they are lost."""

from __future__ import annotations

from typing import Any

import pytest

from functions import audit, catalog
from functions.catalog import Catalog
from functions.changes import Change, Outcome, commit_change
from functions.clock import ManualClock
from functions.documents import Scope, Store, Write
from functions.errors import FailedPrecondition, InvalidArgument, NotFound
from functions.flags.manage.repair import synchronize
from functions.identity import Actor, Permission

SCOPE = Scope("main", "staging")
LAMPS = Catalog("lamps", "lamp", 2, audited=lambda lamp: {"colour": lamp["colour"]})
RED = {"colour": "red", "phone": "private"}
BLUE = {"colour": "blue", "phone": "private"}


def change(store: Store, decide: Any) -> Outcome:
    asked = Change(SCOPE, Actor.operator("tests"), Permission.EDIT_ALERTS, "a test")
    return commit_change(store, ManualClock(), asked, decide)


def test_stored_and_published_together(store: Store) -> None:
    assert change(store, catalog.put(LAMPS, "one", RED)).result == RED
    change(store, catalog.put(LAMPS, "two", BLUE))
    assert catalog.published(store, SCOPE, LAMPS) == {"one": RED, "two": BLUE}
    assert catalog.one(store, SCOPE, LAMPS, "two") == BLUE
    stored = {each.id: each.data["definition"] for each in store.query(SCOPE.collection("lamps"))}
    assert stored == {"one": RED, "two": BLUE}
    change(store, catalog.put(LAMPS, "one", BLUE))
    assert catalog.one(store, SCOPE, LAMPS, "one") == BLUE
    assert change(store, catalog.remove(LAMPS, "one")).result == BLUE
    assert catalog.published(store, SCOPE, LAMPS) == {"two": BLUE}
    assert [each.id for each in store.query(SCOPE.collection("lamps"))] == ["two"]


def test_putting_what_is_there_changes_nothing(store: Store) -> None:
    first = change(store, catalog.put(LAMPS, "one", RED))
    again = change(store, catalog.put(LAMPS, "one", RED))
    assert (again.generation, again.result) == (first.generation, RED)


def test_the_trail_holds_what_may_be_told(store: Store) -> None:
    change(store, catalog.put(LAMPS, "one", RED))
    change(store, catalog.put(LAMPS, "one", BLUE))
    change(store, catalog.remove(LAMPS, "one"))
    told = audit.latest(store, SCOPE, 3)
    assert [entry["action"] for entry in told] == ["lamp.remove", "lamp.put", "lamp.put"]
    assert "private" not in str(told)
    assert "blue" in str(told[0])


def test_so_many_and_no_more(store: Store) -> None:
    for name in ("one", "two"):
        change(store, catalog.put(LAMPS, name, RED))
    with pytest.raises(FailedPrecondition, match="at most 2 fit"):
        change(store, catalog.put(LAMPS, "three", RED))
    change(store, catalog.put(LAMPS, "two", BLUE))


@pytest.mark.parametrize("name", ["", "One", "a/b", "..", "__x__", "a" * 64, "1", "é"])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(InvalidArgument, match="A lamp is named"):
        catalog.put(LAMPS, name, RED)


def test_what_is_not_there(store: Store) -> None:
    assert catalog.published(store, SCOPE, LAMPS) == {}
    with pytest.raises(NotFound, match="no lamp 'one'"):
        catalog.one(store, SCOPE, LAMPS, "one")
    with pytest.raises(NotFound, match="no lamp 'one'"):
        change(store, catalog.remove(LAMPS, "one"))


def test_a_part_that_is_lost_is_made_anew(store: Store) -> None:
    change(store, catalog.put(LAMPS, "one", RED))
    [part] = [
        each for each in store.query(SCOPE.collection("parts")) if each.data["name"] == "lamps"
    ]
    store.commit([Write.delete(part.path)])
    with pytest.raises(FailedPrecondition, match="missing"):
        catalog.published(store, SCOPE, LAMPS)
    with pytest.raises(FailedPrecondition, match="missing"):
        change(store, catalog.put(LAMPS, "two", BLUE))
    change(store, synchronize(False, {"lamps": catalog.rebuild(LAMPS)}))
    assert catalog.published(store, SCOPE, LAMPS) == {"one": RED}
