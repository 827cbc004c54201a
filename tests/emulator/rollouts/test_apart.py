"""What is wrong with one rollout keeps no other from being taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from functions.alerts.alarm import Alarm
from functions.documents import Write
from functions.metrics.store import load_recent
from functions.metrics.tally import EMPTY
from functions.rollouts.advance import advance
from functions.rollouts.after.verify import verify
from functions.rollouts.state import Phase
from tests.emulator.rollouts.world import CANDIDATE, CONTROL, World

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


def _measured_by_itself(world: World, identifier: str) -> Write:
    document = world.store.get(world.scope.doc("rollouts", identifier))
    assert document
    return Write.update(document, {**document.data, "service": OTHER})
