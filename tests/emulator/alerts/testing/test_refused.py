"""A test of a rule that nobody evaluates is refused, with the reason: it would wait for ever."""

from __future__ import annotations

import pytest

from functions import catalog
from functions.alerts.in_force import definition_of
from functions.alerts.manage.define import RULES_CATALOG
from functions.alerts.objectives.define import put_objective
from functions.alerts.objectives.objective import Kind, Objective
from functions.alerts.testing.begin import begin
from functions.alerts.thresholds import BY_ID
from functions.documents import Store
from functions.errors import FailedPrecondition, NotFound
from functions.identity import Permission
from tests.emulator.rollouts.world import World

BURNS = "p1-burn-rate"
UP = Objective("up", "stories", Kind.AVAILABILITY, 0.999)


@pytest.fixture
def world(store: Store) -> World:
    made = World(store)
    made.environment()
    return made


def test_a_burn_rate_needs_an_objective(world: World) -> None:
    with pytest.raises(FailedPrecondition, match="no objective"):
        world.change(begin("t00000001", BURNS, "stories"), Permission.RESPOND)
    world.change(put_objective(UP, {}), Permission.EDIT_ALERTS)
    test = world.change(begin("t00000002", BURNS, "stories"), Permission.RESPOND).result
    lasts = BY_ID[BURNS].keep_firing_seconds
    assert test.ends_at - test.started_at > lasts, "it can be through before it ends"


def test_what_is_switched_off_and_what_is_none(world: World) -> None:
    off = definition_of(BY_ID["p1-memory"], enabled=False)
    world.change(catalog.put(RULES_CATALOG, "p1-memory", off), Permission.EDIT_ALERTS)
    with pytest.raises(FailedPrecondition, match="switched off"):
        world.change(begin("t00000001", "p1-memory", "stories"), Permission.RESPOND)
    with pytest.raises(NotFound):
        world.change(begin("t00000001", "p9-memory", "stories"), Permission.RESPOND)


def test_what_this_bundle_cannot_read(world: World) -> None:
    later = {**definition_of(BY_ID["p1-memory"]), "kind": "of a later bundle"}
    world.change(catalog.put(RULES_CATALOG, "own", later), Permission.EDIT_ALERTS)
    with pytest.raises(FailedPrecondition, match="can't be read"):
        world.change(begin("t00000001", "own", "stories"), Permission.RESPOND)
