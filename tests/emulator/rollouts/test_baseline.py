"""How the control was is read when a split begins, and judged by where no control is left."""

from __future__ import annotations

from dataclasses import replace

from functions.metrics.hour_store import HOURS, sum_write
from functions.metrics.hours import hour_start
from functions.metrics.measures import Measure
from functions.metrics.performance import Score
from functions.metrics.tally import Tally
from functions.metrics.windows import Window
from functions.rollouts.advance import advance
from functions.rollouts.check import Check
from functions.rollouts.criterion import Criterion
from functions.rollouts.plan import Criteria, Stage
from functions.rollouts.state import Phase
from tests.emulator.rollouts.world import CANDIDATE, CONTROL, QUICK, SERVICE, World

AT_ONCE = replace(
    QUICK,
    name="at once",
    stages=(Stage(100, 600, 3600),),
    holdback=0.0,
    checks=(Check("words", fall=0.5),),
    criteria=Criteria(20, measures=(Criterion("rating", at_least=1.0),)),
)


def served_for_two_hours(world: World) -> None:
    last = hour_start(world.clock.now()) - 3600
    tally = Tally(
        requests=1_000,
        failures=10,
        above={"50": 1_000, "100": 400, "200": 30},
        measures={"words": Measure(1_000, 300_000_000, 10**14), "rating": Measure(9, 36_000, 1)},
    )
    arms = ((last, CONTROL), (last - 3600, CONTROL), (last, "1.1.0"), (last, f"{CONTROL}+claimed"))
    hours = [Window(start, 3600, SERVICE, version, 0, tally) for start, version in arms]
    world.store.commit([sum_write(world.scope, HOURS, hour) for hour in hours])


def begun(world: World) -> None:
    served_for_two_hours(world)
    world.serve(CONTROL, 30)
    world.clock.advance(60)
    world.started("r1", AT_ONCE)
    advance(world.store, world.clock, world.scope, scores={SERVICE: Score(1_000, 2.0)})


def test_the_controls_hours_and_last_minutes_are_kept_with_the_start(world: World) -> None:
    begun(world)
    frozen = world.rollout().frozen
    assert frozen
    assert (frozen.requests, frozen.until) == (2_030, world.clock.now())
    assert list(frozen.slow) == [100, 200]
    assert frozen.measures["words"].count == 2_000
    assert frozen.measures["rating"].count == 18
    assert "cost_microdollars" not in frozen.measures
    assert (world.rollout().score, 0.009 < frozen.failing < 0.025) == (Score(1_000, 2.0), True)


def test_at_100_percent_the_candidate_is_compared_with_what_the_control_was(world: World) -> None:
    begun(world)
    world.clock.advance(5)
    world.serve(CANDIDATE, 200, 24)
    world.clock.advance(5)
    advance(world.store, world.clock, world.scope)
    found = world.rollout()
    assert found.state.phase is Phase.ROLLED_BACK
    assert found.verdict
    assert found.verdict.rule == "evidence"
    assert "before the rollout the old one stayed below" in found.verdict.sentence


def test_without_history_it_says_so_and_begins_all_the_same(world: World) -> None:
    world.started("r1", AT_ONCE)
    advance(world.store, world.clock, world.scope)
    found = world.rollout()
    assert found.state.phase is Phase.BAKING
    assert found.frozen
    assert (found.frozen.known, found.frozen.slow) == (False, {})
