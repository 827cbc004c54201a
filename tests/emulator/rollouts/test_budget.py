"""A rollout that asks for budget waits where it is until enough of it is left."""

from dataclasses import replace

import pytest

from functions import catalog
from functions.alerts.objectives import store as objective_store
from functions.alerts.objectives.keep import Budgets
from functions.alerts.objectives.objective import Kind, Objective
from functions.errors import FailedPrecondition
from functions.identity import Permission
from functions.metrics.store import load_flushed
from functions.rollouts import commands
from functions.rollouts.advance import advance, look_at
from functions.rollouts.plan import Criteria
from functions.rollouts.state import Phase
from functions.rollouts.verdict import Verdict
from tests.emulator.rollouts.world import ASKED, CANDIDATE, CONTROL, QUICK, SERVICE, World

THRIFTY = replace(
    QUICK,
    stages=tuple(replace(stage, max_wait_seconds=3_600) for stage in QUICK.stages),
    criteria=Criteria(requests=20, budget=0.5),
)
EDIT = Permission.EDIT_ALERTS
UP = Objective("up", SERVICE, Kind.AVAILABILITY, 0.9)


def count(world: World) -> None:
    """What a tick does that comes when the minute is over."""
    slots = load_flushed(world.store, world.scope, world.clock.now())
    Budgets(world.store).advance(world.scope, [UP], slots, world.clock.now())


def healthy(world: World) -> list[str]:
    """Two checks of a stage that has all it needs but for the budget."""
    moves = []
    for _ in range(3):
        world.clock.advance(10)
        world.serve(CANDIDATE, 30)
        world.serve(CONTROL, 270)
        step = advance(world.store, world.clock, world.scope)
        moves += [each["kind"] for each in step.transitions]
    return moves


def verdict(world: World) -> Verdict:
    look = look_at(world.store, world.scope, world.rollout(), world.clock.now())
    assert look
    return look.verdict


def test_it_starts_and_advances_only_with_what_it_asks_for(world: World) -> None:
    with pytest.raises(FailedPrecondition, match="nobody knows"):
        world.started(plan=THRIFTY)
    world.change(catalog.put(objective_store.OBJECTIVES, "up", UP.to_document()), EDIT)
    world.serve(CONTROL, 1_000)
    world.clock.advance(90)
    count(world)
    world.change(commands.start("r1", ASKED))
    advance(world.store, world.clock, world.scope)

    world.serve(CONTROL, 1_000, 150, generation=1, instance="other")
    world.clock.advance(90)
    count(world)
    assert healthy(world) == []
    assert verdict(world).rule == "budget"
    assert verdict(world).figures["budget_left"] < 0.5
    assert "of the service's error budget; at least 50 % is needed." in verdict(world).sentence

    world.serve(CONTROL, 3_000, generation=1, instance="third")
    world.clock.advance(90)
    count(world)
    assert "advanced" in healthy(world)


def test_without_enough_of_it_nothing_is_started(world: World) -> None:
    world.change(catalog.put(objective_store.OBJECTIVES, "up", UP.to_document()), EDIT)
    world.serve(CONTROL, 1_000, 60)
    world.clock.advance(90)
    count(world)
    with pytest.raises(FailedPrecondition, match="40 % is left"):
        world.started(plan=THRIFTY)
    world.started("r2", QUICK)


def test_what_was_spent_while_it_waited_keeps_it_from_its_turn_and_from_beginning(
    world: World,
) -> None:
    def spend(served: int, failed: int, instance: str) -> None:
        world.serve(CONTROL, served, failed, generation=1, instance=instance)
        world.clock.advance(90)
        count(world)

    def phase(identifier: str) -> Phase:
        advance(world.store, world.clock, world.scope)
        return world.rollout(identifier).state.phase

    world.change(catalog.put(objective_store.OBJECTIVES, "up", UP.to_document()), EDIT)
    spend(1_000, 0, "first")
    world.started()
    advance(world.store, world.clock, world.scope)
    world.started("r2", THRIFTY, if_running="queue")
    spend(1_000, 200, "second")
    world.change(commands.abort("r1", ASKED))
    assert phase("r2") is Phase.QUEUED
    spend(5_000, 0, "third")
    world.change(commands.abort("r2", ASKED))
    world.started("r3", THRIFTY)
    spend(1_000, 500, "fourth")
    assert phase("r3") is Phase.STARTING
    assert world.read_flag().split is None
    spend(9_000, 0, "fifth")
    assert phase("r3") is Phase.BAKING
