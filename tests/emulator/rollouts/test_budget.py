"""A rollout that asks for budget waits where it is until enough of it is left."""

from dataclasses import replace

from functions import catalog
from functions.alerts.objectives import store as objective_store
from functions.alerts.objectives.keep import Budgets
from functions.alerts.objectives.objective import Kind, Objective
from functions.identity import Permission
from functions.metrics.store import load_flushed
from functions.rollouts.advance import advance, look_at
from functions.rollouts.plan import Criteria
from tests.emulator.rollouts.world import CANDIDATE, CONTROL, QUICK, SERVICE, World

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


def test_it_waits_while_nobody_knows_or_too_little_is_left(world: World) -> None:
    world.started(plan=THRIFTY)
    advance(world.store, world.clock, world.scope)
    assert healthy(world) == []
    look = look_at(world.store, world.scope, world.rollout(), world.clock.now())
    assert look
    assert look.verdict.rule == "budget"
    assert "nobody knows" in look.verdict.sentence

    world.change(catalog.put(objective_store.OBJECTIVES, "up", UP.to_document()), EDIT)
    count(world)  # the minute that is closed had no failures
    before = world.clock.now()
    world.serve(CONTROL, 300, 100, generation=1, at=before, instance="other")
    world.clock.advance(90)
    count(world)
    assert healthy(world) == []
    look = look_at(world.store, world.scope, world.rollout(), world.clock.now())
    assert look
    assert look.verdict.rule == "budget"
    left = look.verdict.figures["budget_left"]
    assert left < 0.5

    world.serve(CONTROL, 3_000, generation=1, instance="third")
    world.clock.advance(90)
    count(world)
    assert "advanced" in healthy(world)
