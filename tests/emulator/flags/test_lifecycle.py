"""What becomes of flags and segments over the years: revisions, the kill switch, the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from functions import audit
from functions.changes import Change, commit_change
from functions.clock import ManualClock, SystemClock
from functions.documents import Store, Write
from functions.errors import FailedPrecondition, GenerationConflict, InvalidArgument, NotFound
from functions.flags.composition import Prerequisite
from functions.flags.evaluation import Evaluation
from functions.flags.flag import Flag
from functions.flags.manage import history
from functions.flags.manage.flags import (
    archive_flag,
    create_flag,
    delete_flag,
    edit_flag,
    kill_flag,
    restore_flag,
    revive_flag,
)
from functions.flags.manage.segments import (
    create_segment,
    delete_segment,
    edit_segment,
    restore_segment,
)
from functions.flags.segment import Segment
from functions.flags.snapshot import SnapshotCache
from functions.identity import Actor, Permission
from tests.emulator.flags.conftest import SCOPE, commit, definition

PRO = Segment("pro", {"==": [{"var": "plan"}, "pro"]})
FOR_PRO = definition(targeting={"if": [{"$ref": "pro"}, "on"]})


def evaluate(store: Store, key: str, user: str = "ada", **context: Any) -> Evaluation:
    snapshot = SnapshotCache(store, ManualClock()).get(SCOPE)
    return snapshot.evaluator.evaluate(key, {"targetingKey": user, **context})


def revisions(store: Store, key: str, kind: str = "flags") -> list[dict[str, Any]]:
    return history.listed(store, SCOPE.doc(kind, key), None, 100)


def test_every_revision_is_kept_with_who_when_and_why(store: Store) -> None:
    commit(store, create_flag(Flag("f", definition())))
    change = Change(SCOPE, Actor.operator("ada"), Permission.EDIT_FLAGS, "a better word")
    commit_change(store, SystemClock(), change, edit_flag("f", 1, {"owner": "books"}))
    newest, first = revisions(store, "f")
    assert (newest["revision"], newest["by"], newest["reason"]) == (
        2,
        "operator:ada",
        "a better word",
    )
    assert (first["content"]["owner"], newest["content"]["owner"]) == ("", "books")
    assert first["at"] <= newest["at"]


def test_any_revision_can_be_restored(store: Store) -> None:
    commit(store, create_flag(Flag("f", definition(), owner="first")))
    commit(store, edit_flag("f", 1, {"owner": "second", "definition": definition("on")}))
    restored = commit(store, restore_flag("f", 2, 1)).result
    assert (restored.revision, restored.owner) == (3, "first")
    assert evaluate(store, "f").variant == "off"
    assert commit(store, restore_flag("f", 3, 1)).result.revision == 3  # it is so already
    with pytest.raises(NotFound, match="no revision 9"):
        commit(store, restore_flag("f", 3, 9))
    with pytest.raises(GenerationConflict):
        commit(store, restore_flag("f", 2, 1))


def test_a_restored_revision_must_still_hold_together(store: Store) -> None:
    commit(store, create_segment(PRO))
    commit(store, create_flag(Flag("f", FOR_PRO)))
    commit(store, edit_flag("f", 1, {"definition": definition()}))
    commit(store, delete_segment("pro", 1))
    with pytest.raises(InvalidArgument, match="the key of a segment"):
        commit(store, restore_flag("f", 2, 1))


def test_an_archived_flag_comes_back_as_it_was_at_a_revision(store: Store) -> None:
    commit(store, create_flag(Flag("f", definition("on"))))
    commit(store, edit_flag("f", 1, {"definition": definition()}))
    commit(store, archive_flag("f", 2))
    assert commit(store, restore_flag("f", 3, 1)).result.archived is False
    assert evaluate(store, "f").variant == "on"


def test_the_history_keeps_the_last_ones(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "KEPT", 3)
    commit(store, create_flag(Flag("f", definition())))
    for revision in range(1, 6):
        commit(store, edit_flag("f", revision, {"owner": f"owner-{revision}"}))
    assert [each["revision"] for each in revisions(store, "f")] == [6, 5, 4]


def test_the_kill_switch_needs_no_revision_and_can_be_pulled_twice(store: Store) -> None:
    commit(store, create_flag(Flag("f", definition("on"), off_variant="off")))
    commit(store, kill_flag("f"))
    assert evaluate(store, "f").variant == "off"
    generation = commit(store, kill_flag("f")).generation
    assert generation == 2
    commit(store, revive_flag("f"))
    assert evaluate(store, "f").variant == "on"
    actions = [entry["action"] for entry in audit.latest(store, SCOPE, 10)]
    assert sorted(actions) == ["flag.create", "flag.kill", "flag.revive"]


def test_a_killed_flag_without_an_off_variant_is_off(store: Store) -> None:
    commit(store, create_flag(Flag("f", definition("on"))))
    commit(store, kill_flag("f"))
    evaluation = evaluate(store, "f")
    assert (evaluation.reason, evaluation.value) == ("DISABLED", None)


def test_a_segment_reaches_all_that_refer_to_it(store: Store) -> None:
    commit(store, create_segment(PRO))
    commit(store, create_flag(Flag("f", FOR_PRO)))
    commit(store, create_flag(Flag("g", FOR_PRO)))
    assert evaluate(store, "f", plan="pro").variant == "on"
    commit(store, edit_segment("pro", 1, {"rule": {"==": [{"var": "plan"}, "gold"]}}))
    assert [evaluate(store, key, plan="pro").variant for key in "fg"] == ["off", "off"]
    assert [evaluate(store, key, plan="gold").variant for key in "fg"] == ["on", "on"]
    commit(store, restore_segment("pro", 2, 1))
    assert evaluate(store, "f", plan="pro").variant == "on"
    assert [each["revision"] for each in revisions(store, "pro", "segments")] == [3, 2, 1]


def test_a_segment_that_is_used_stays(store: Store) -> None:
    commit(store, create_segment(PRO))
    commit(store, create_flag(Flag("f", FOR_PRO)))
    with pytest.raises(FailedPrecondition) as refusal:
        commit(store, delete_segment("pro", 1))
    assert refusal.value.extra["used_by"] == ["flag f"]
    commit(store, archive_flag("f", 1))
    commit(store, delete_segment("pro", 1))
    with pytest.raises(InvalidArgument, match="the key of a segment"):
        commit(store, restore_flag("f", 2))


def test_a_prerequisite_follows_the_flag_it_names(store: Store) -> None:
    inside = Flag(
        "inside",
        definition("on"),
        prerequisites=(Prerequisite("outer", ("on",)),),
        off_variant="off",
    )
    commit(store, create_flag(Flag("outer", definition())))
    commit(store, create_flag(inside))
    assert evaluate(store, "inside").variant == "off"
    commit(store, edit_flag("outer", 1, {"targets": {"on": ["ada"]}}))
    assert evaluate(store, "inside").variant == "on"
    assert evaluate(store, "inside", user="bo").variant == "off"
    commit(store, kill_flag("outer"))
    assert evaluate(store, "inside").variant == "off"
    with pytest.raises(FailedPrecondition, match="used by: flag inside"):
        commit(store, archive_flag("outer", 3))


def test_what_uses_a_flag_keeps_it(store: Store) -> None:
    commit(store, create_flag(Flag("f", definition())))

    def uses(_reads: Any, _scope: Any, keys: Any) -> dict[str, list[str]]:
        return {key: ["rollout r-1"] for key in keys}

    for end in (archive_flag("f", 1, uses), delete_flag("f", 1, uses)):
        with pytest.raises(FailedPrecondition, match="used by: rollout r-1"):
            commit(store, end)


def test_only_an_archived_flag_is_deleted_and_its_key_is_free_again(store: Store) -> None:
    commit(store, create_flag(Flag("f", definition())))
    with pytest.raises(FailedPrecondition, match="not archived"):
        commit(store, delete_flag("f", 1))
    commit(store, archive_flag("f", 1))
    commit(store, delete_flag("f", 2))
    assert store.get(SCOPE.doc("flags", "f")) is None
    assert revisions(store, "f") == []
    [last] = audit.latest(store, SCOPE, 1)
    assert (last["action"], last["before"]["key"]) == ("flag.delete", "f")
    assert commit(store, create_flag(Flag("f", definition()))).result.revision == 1


def test_a_flag_from_before_there_were_targets_is_read(store: Store) -> None:
    """What an older bundle wrote, without the fields that came later."""
    commit(store, create_flag(Flag("f", definition())))
    document = store.get(SCOPE.doc("flags", "f"))
    assert document
    old = {"key", "revision", "definition", "description", "owner", "client", "archived", "split"}
    data = {name: value for name, value in document.data.items() if name in old}
    store.commit(
        [
            Write.delete(document),
        ]
    )
    store.commit([Write.create(document.path, data)])
    edited = commit(store, edit_flag("f", 1, {"owner": "new"})).result
    assert edited == replace(Flag("f", definition(), 2, owner="new"), updated_at=edited.updated_at)


def test_the_largest_segment_and_flag_can_be_changed(store: Store) -> None:
    """With their revisions, and both sides of the change in one entry of the audit trail."""
    users = tuple(f"{number:0250d}" for number in range(1_000))
    segment = Segment("s", PRO.rule, included=users)
    commit(store, create_segment(segment))
    commit(store, edit_segment("s", 1, {"description": "many"}))
    commit(store, create_flag(Flag("f", definition(), targets={"on": users})))
    commit(store, edit_flag("f", 1, {"owner": "somebody"}))
    assert evaluate(store, "f", user=users[-1]).variant == "on"
