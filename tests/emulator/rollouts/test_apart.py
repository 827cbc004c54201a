"""What is wrong with one rollout keeps no other from being taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from functions import published
from functions.alerts.alarm import Alarm
from functions.alerts.incidents.incident import Subject
from functions.documents import Write
from functions.errors import FailedPrecondition
from functions.flags.manage.flags import edit_flag
from functions.identity import Permission
from functions.metrics.store import load_recent
from functions.metrics.tally import EMPTY
from functions.rollouts import commands
from functions.rollouts import store as rollout_store
from functions.rollouts.advance import advance
from functions.rollouts.after.verify import verify
from functions.rollouts.deeds import history
from functions.rollouts.obstacles import in_french
from functions.rollouts.state import Phase
from tests.emulator.rollouts.world import ASKED, CANDIDATE, CONTROL, SERVICE, World

OTHER = "other.version"
NOTHING_SEEN = {"candidate": EMPTY.to_text(), "control": EMPTY.to_text()}


@pytest.fixture
def both(world: World) -> World:
    """Two rollouts of the same service; users of the candidate fail."""
    world.flag(OTHER)
    world.started()
    world.started("r2", flag=OTHER)
    advance(world.store, world.clock, world.scope)
    fail(world)
    return world


def fail(world: World) -> None:
    world.clock.advance(10)
    world.serve(CONTROL, 200)
    world.serve(CANDIDATE, 40, failures=40)
    world.clock.advance(10)


def phases(world: World, *ids: str) -> list[Phase]:
    return [world.rollout(each).state.phase for each in ids]


@pytest.mark.parametrize("kept", [{"later": 1}, {"through": "?", **NOTHING_SEEN}])
def test_evidence_that_can_not_be_read_is_counted_anew(both: World, kept: dict[str, Any]) -> None:
    shift = both.rollout("r2").shift
    assert shift
    path = both.scope.doc("evidence", "r2")
    both.store.commit([Write.set(path, {"generation": shift.generation, **kept})])
    advance(both.store, both.clock, both.scope)
    assert phases(both, "r1", "r2") == [Phase.ROLLED_BACK, Phase.ROLLED_BACK]
    assert verify(both.store, both.scope, both.clock.now(), load_recent) == 2


def test_one_that_can_not_be_judged(both: World) -> None:
    def alarms(service: str, _version: str) -> Sequence[Alarm]:
        if service == OTHER:
            raise ZeroDivisionError
        return ()

    both.store.commit([_measured_by_itself(both, "r2")])
    advance(both.store, both.clock, both.scope, alarms)
    assert phases(both, "r1", "r2") == [Phase.ROLLED_BACK, Phase.BAKING]


def full(world: World, monkeypatch: pytest.MonkeyPatch, left: int) -> None:
    """What is published may grow by so many bytes."""
    part = world.store.get(world.scope.doc("parts", world.pointer().data["parts"]["flags"]))
    assert part
    monkeypatch.setattr(published, "MAXIMUM_PART_BYTES", len(part.data["body"]) + left)


def test_starts_for_which_there_is_no_room(both: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are told, once, and what takes users back is made beside them."""
    for number in range(3):
        both.flag(f"f{number}")
        both.started(f"f{number}", flag=f"f{number}")
    full(both, monkeypatch, left=5)
    step = advance(both.store, both.clock, both.scope)
    assert [each["kind"] for each in step.transitions][:2] == ["rolled_back", "rolled_back"]
    assert phases(both, "r1", "r2") == [Phase.ROLLED_BACK, Phase.ROLLED_BACK]


def test_one_that_can_not_be_made_is_told_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        world.flag(f"f{number}")
        world.started(f"f{number}", flag=f"f{number}")
    full(world, monkeypatch, left=0)
    for _ in range(2):
        assert not advance(world.store, world.clock, world.scope).transitions
    assert phases(world, "f0", "f1") == [Phase.STARTING, Phase.STARTING]
    told = [
        each
        for each in world.store.query(world.scope.collection("outbox"))
        if each.id.endswith("-unmade")
    ]
    assert [each.id for each in told] == [f"rollout-f{number}-000001-unmade" for number in range(2)]
    assert "0 % of the users have 1.3.0, as before" in told[0].data["texts"]["en"][1]


def test_one_of_a_later_bundle(both: World) -> None:
    """It is left out of lists, and nothing else starts on its flag."""
    document = both.store.get(both.scope.doc("rollouts", "r2"))
    assert document
    later = {"state": {**document.data["state"], "phase": "draining"}, "quarantined": True}
    both.store.commit([Write.update(document, {**document.data, **later})])
    store, scope = both.store, both.scope
    assert [each.id for each in rollout_store.listed(store, scope)] == ["r1"]
    assert not rollout_store.quarantined(store, scope, OTHER, CANDIDATE)
    deeds = history(store, scope, 0.0)(Subject(SERVICE, CANDIDATE), 0.0, ())
    assert {each.rollout for each in deeds} == {"r1"}
    both.created("r3", flag=OTHER)
    with pytest.raises(FailedPrecondition, match="r2 is running on the same flag"):
        both.change(commands.start("r3", ASKED))
    assert rollout_store.running_ids(store, scope, [OTHER]) == ["r2"]


def test_the_flag_that_stands_in_the_way_is_named(world: World) -> None:
    """Of several, the one whose default was edited before the split began."""
    flag = world.flag(OTHER)
    world.started(also=((OTHER, CANDIDATE),))
    changes = {"definition": {**flag.definition, "defaultVariant": CANDIDATE}}
    world.change(edit_flag(OTHER, 1, changes), Permission.EDIT_FLAGS)
    advance(world.store, world.clock, world.scope)
    reason = world.events()[-1]["reason"]
    assert reason == f"The default of the flag {OTHER} is no longer {CONTROL}."
    assert OTHER in in_french(reason, world.rollout()) != reason


def _measured_by_itself(world: World, identifier: str) -> Write:
    document = world.store.get(world.scope.doc("rollouts", identifier))
    assert document
    return Write.update(document, {**document.data, "service": OTHER})
