"""Creating versions: one change that records, publishes and makes a variant of the flag."""

from __future__ import annotations

import pytest

from functions.changes import Change, Decision, View, commit_change
from functions.clock import ManualClock, SystemClock
from functions.documents import Store
from functions.errors import AlreadyExists, FailedPrecondition, NotFound
from functions.flags.snapshot import SnapshotCache
from functions.identity import Permission
from functions.stories.publish import check_releasable, releasable
from functions.stories.versions import FLAG, StoryVersion
from tests.emulator.stories.conftest import OPERATOR, SCOPE, publish


def test_the_first_version_serves_and_later_ones_wait(store: Store) -> None:
    publish(store, "1.2.0")
    publish(store, "1.3.0", model="gpt-other")
    snapshot = SnapshotCache(store, SystemClock()).get(SCOPE)
    assert snapshot.generation == 2
    assert snapshot.evaluator.evaluate(FLAG, {"targetingKey": "u1"}).value == "1.2.0"
    flag = store.get(SCOPE.doc("flags", FLAG))
    assert flag is not None
    assert flag.data["revision"] == 2
    assert flag.data["permanent"], "it settles with each release: that is what it is for"
    record = StoryVersion.from_record(snapshot.services["stories"]["1.3.0"])
    assert record.model == "gpt-other"
    check_releasable(dict(snapshot.services), "1.3.0")


def test_a_version_never_changes(store: Store) -> None:
    publish(store, "1.2.0")
    with pytest.raises(AlreadyExists):
        publish(store, "1.2.0", model="gpt-other")


def test_what_the_bundle_lacks_is_refused(store: Store) -> None:
    with pytest.raises(FailedPrecondition, match="lacks the handler"):
        publish(store, handler="from-the-future")
    with pytest.raises(NotFound, match="no prompt"):
        publish(store, prompt="from-the-future")
    assert store.get(SCOPE.doc("published", "current")) is None


def test_a_version_that_was_never_created_is_not_released() -> None:
    with pytest.raises(FailedPrecondition, match="never created"):
        check_releasable({}, "1.2.0")


def test_a_version_of_another_bundle_is_not_released(store: Store) -> None:
    publish(store, "1.2.0")
    services = dict(SnapshotCache(store, SystemClock()).get(SCOPE).services)
    record = StoryVersion.from_record(services["stories"]["1.2.0"])
    foreign = record.model_copy(update={"handler": "from-the-future"}).to_record()
    with pytest.raises(FailedPrecondition, match="lacks the handler"):
        check_releasable({"stories": {"1.2.0": foreign}}, "1.2.0")


def test_releasing_asks_for_versions_only(store: Store) -> None:
    def deciding(view: View) -> Decision:
        releasable(view, "large-type", "on")
        with pytest.raises(FailedPrecondition):
            releasable(view, FLAG, "9.9.9")
        return Decision(result="asked")

    change = Change(SCOPE, OPERATOR, Permission.ROLL_OUT, "a test")
    assert commit_change(store, ManualClock(), change, deciding).result == "asked"
