"""What was done with a rollout, as incidents tell it: why, in both languages."""

from __future__ import annotations

from functions.alerts.incidents.incident import Subject
from functions.rollouts.advance import advance
from functions.rollouts.deeds import history
from tests.emulator.rollouts.test_tick import failing_world
from tests.emulator.rollouts.world import CANDIDATE


def test_a_rollback_is_a_deed_with_its_reason(firestore_emulator: str) -> None:
    world = failing_world()
    advance(world.store, world.clock, world.scope)
    ask = history(world.store, world.scope, world.clock.now() - 3600)
    found = list(ask(Subject(world.rollout().service, CANDIDATE), 0.0, ()))
    assert [deed.kind for deed in found] == ["start_requested", "started", "rolled_back"]
    assert found[-1].sentence.startswith("Rolled back: 6 users")
    assert found[-1].french.startswith("Annulé : 6 utilisateurs")
    assert found[0].french == "", "somebody's own words stay as they are"
    assert not list(ask(Subject(world.rollout().service, CANDIDATE), 0.0, [found[-1].id]))
    assert not list(ask(Subject(world.rollout().service, "another"), 0.0, ()))
