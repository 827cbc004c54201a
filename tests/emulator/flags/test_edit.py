"""Changes to flags on the Firestore emulator: nothing lost, nothing overwritten unseen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from functions import audit
from functions.changes import Decision, View
from functions.clock import ManualClock
from functions.documents import Document, Store, Write
from functions.errors import (
    AlreadyExists,
    FailedPrecondition,
    GenerationConflict,
    InvalidArgument,
    NotFound,
)
from functions.flags.flag import Flag
from functions.flags.manage.flags import (
    archive_flag,
    create_flag,
    edit_flag,
    restore_flag,
)
from functions.flags.manage.publish import publish_moved
from functions.flags.snapshot import Snapshot, SnapshotCache
from functions.flags.split import Split
from tests.emulator.flags.conftest import SCOPE, commit, definition

SPLIT = Split("rollout-1", "salt", "off", "on", 25)


def published(store: Store) -> Snapshot:
    return SnapshotCache(store, ManualClock()).get(SCOPE)


def stored(store: Store, key: str = "f") -> Document:
    document = store.get(SCOPE.doc("flags", key))
    assert document
    return document


def put_split(key: str, split: Split | None) -> Any:
    """What a rollout does: the flag's document and what is published, in one commit."""

    def decide(view: View) -> Decision:
        document = view.get(view.scope.doc("flags", key))
        assert document
        flag = Flag.from_document(document.data).with_split(split)
        return Decision(
            writes=[Write.update(document, flag.to_document())],
            parts=publish_moved(view, [flag]),
        )

    return decide


def test_a_flag_from_its_making_to_its_end(store: Store) -> None:
    made = commit(store, create_flag(Flag("f", definition(), client=True))).result
    assert made.revision == 1
    assert published(store).client_keys == {"f"}
    edited = commit(store, edit_flag("f", 1, {"definition": definition("on")})).result
    later = edited.updated_at
    assert edited == replace(made, definition=definition("on"), revision=2, updated_at=later)
    assert published(store).evaluator.evaluate("f").value is True
    commit(store, edit_flag("f", 2, {"client": False, "owner": "team", "description": "why"}))
    assert published(store).client_keys == frozenset()
    commit(store, archive_flag("f", 3))
    assert published(store).evaluator.keys == ()
    with pytest.raises(FailedPrecondition):
        commit(store, edit_flag("f", 4, {"owner": "x"}))
    with pytest.raises(AlreadyExists, match="archived"):
        commit(store, create_flag(Flag("f", definition())))
    restored = commit(store, restore_flag("f", 4)).result
    assert (restored.revision, restored.owner) == (5, "team")
    assert published(store).evaluator.evaluate("f").value is True
    verification = audit.verify(store, SCOPE.application)
    assert (verification.ok, verification.entries) == (True, 5)


def test_an_edit_on_an_old_revision_shows_both(store: Store) -> None:
    commit(store, create_flag(Flag("f", definition())))
    commit(store, edit_flag("f", 1, {"owner": "theirs"}))
    with pytest.raises(GenerationConflict) as refusal:
        commit(store, edit_flag("f", 1, {"owner": "mine"}))
    extra = refusal.value.extra
    assert (extra["revision"], extra["based_on"]) == (2, 1)
    assert (extra["theirs"]["owner"], extra["yours"]["owner"]) == ("theirs", "mine")
    assert stored(store).data["owner"] == "theirs"


def test_refusals(store: Store) -> None:
    commit(store, create_flag(Flag("f", definition())))
    with pytest.raises(AlreadyExists):
        commit(store, create_flag(Flag("f", definition())))
    with pytest.raises(NotFound):
        commit(store, edit_flag("nobody", 1, {"owner": "x"}))
    with pytest.raises(InvalidArgument):
        commit(store, edit_flag("a/b", 1, {"owner": "x"}))
    with pytest.raises(InvalidArgument):
        commit(store, edit_flag("f", 1, {"definition": {"state": "ENABLED"}}))
    assert stored(store).data["revision"] == 1


def test_a_flag_under_a_rollout(store: Store) -> None:
    commit(store, create_flag(Flag("f", definition())))
    commit(store, put_split("f", SPLIT))
    snapshot = published(store)
    users = [{"targetingKey": f"user-{n}"} for n in range(400)]
    share = sum(snapshot.evaluator.evaluate("f", user).value for user in users) / 400
    assert 0.15 < share < 0.35
    with pytest.raises(FailedPrecondition, match="rollout-1"):
        commit(store, archive_flag("f", 1))
    without = {"state": "ENABLED", "variants": {"off": False}, "defaultVariant": "off"}
    with pytest.raises(InvalidArgument, match="no variant 'on'"):
        commit(store, edit_flag("f", 1, {"definition": without}))
    commit(store, edit_flag("f", 1, {"description": "what it is for"}))
    assert published(store).evaluator.evaluate_all(users[0]) == snapshot.evaluator.evaluate_all(
        users[0]
    )
    commit(store, put_split("f", None))
    assert published(store).flags["flags"]["f"] == definition()


def test_rules_survive_firestore(store: Store) -> None:
    """Lists in lists in lists, floats that are whole, and text of every kind."""
    targeting = {
        "if": [
            {"in": [{"var": "é.日本"}, ["a\n", "\\", '"', "𝒳"]]},
            {"fractional": [{"var": "x"}, ["on", 1], ["off", 99]]},
            None,
        ]
    }
    whole = {"state": "ENABLED", "variants": {"a": 2.0, "b": 2.5}, "targeting": {}}
    commit(store, create_flag(Flag("f", definition(targeting=targeting))))
    commit(store, create_flag(Flag("g", whole)))
    assert Flag.from_document(stored(store).data).definition["targeting"] == targeting
    assert published(store).flags["flags"]["f"]["targeting"] == targeting
    assert type(published(store).flags["flags"]["g"]["variants"]["a"]) is float


def test_edits_at_once_lose_nothing(store: Store) -> None:
    """Several flags of one environment, changed at the same time: every change is published."""

    def make(n: int) -> None:
        commit(store, create_flag(Flag(f"flag-{n}", definition())))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(make, range(12)))
    snapshot = published(store)
    assert set(snapshot.evaluator.keys) == {f"flag-{n}" for n in range(12)}
    assert snapshot.generation == 12
    verification = audit.verify(store, SCOPE.application)
    assert (verification.ok, verification.entries) == (True, 12)


def test_of_edits_of_one_revision_one_wins(store: Store) -> None:
    commit(store, create_flag(Flag("f", definition())))

    def edit(n: int) -> bool:
        try:
            commit(store, edit_flag("f", 1, {"owner": f"owner-{n}"}))
        except GenerationConflict:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(edit, range(6)))
    assert won.count(True) == 1
    assert stored(store).data["owner"] == f"owner-{won.index(True)}"
    assert stored(store).data["revision"] == 2
