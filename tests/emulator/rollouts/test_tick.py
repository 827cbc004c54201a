"""The minute's work: delivered twice at once, killed anywhere, an hour late, others hanging."""

from __future__ import annotations

import signal
import threading
import time
import uuid
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from functions import audit, tick
from functions.alerts import store as alert_store
from functions.alerts.measures import Key
from functions.alerts.state import FIRING, State
from functions.alerts.thresholds import BY_ID
from functions.clock import ManualClock, SystemClock
from functions.documents import Scope, Store
from functions.metrics.cloud_monitoring import Sent
from functions.metrics.series import Metric, Point
from functions.minute import Deps
from functions.rollouts.advance import advance
from functions.rollouts.state import Phase
from tests.emulator.rollouts.dying_ticks import Inline
from tests.emulator.rollouts.killing import job, killed
from tests.emulator.rollouts.world import CANDIDATE, CONTROL, World, connect, definition

LONGEST_DELAY_SECONDS = 5.0


class Sink:
    """Takes points; or hangs for as long as a test wants."""

    def __init__(self) -> None:
        self.points: list[Point] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def prepare(self, metrics: Sequence[Metric], timeout: float) -> None:
        pass

    def write(self, scope: Scope, points: Sequence[Point], timeout: float) -> Sent:
        self.go_on.wait(30)
        self.points += points
        return Sent(len(points))

    def present(
        self, scope: Scope, metrics: Sequence[Metric], end: int, timeout: float
    ) -> Collection[tuple[str, tuple[tuple[str, str], ...]]]:
        return ()


def new_world() -> World:
    """An environment in a database of its own."""
    world = World(connect(f"demo-test-{uuid.uuid4().hex[:12]}"))
    world.environment()
    world.flag()
    return world


def failing_world() -> World:
    """A canary of 10 % whose first six users have all failed: due to be taken back."""
    world = new_world()
    world.started()
    advance(world.store, world.clock, world.scope)
    world.clock.advance(70)
    world.serve(CANDIDATE, 6, 6)
    world.serve(CONTROL, 60)
    return world


def deps(world: World, sink: Sink | None = None, store: Store | None = None) -> Deps:
    return Deps(store or world.store, world.clock, sink or Sink())


def same_database(world: World) -> Store:
    """Another process's store."""
    return connect(world.store._client.project)


def assert_taken_back_once(world: World) -> None:
    assert world.rollout().state.phase is Phase.ROLLED_BACK
    assert world.kinds() == ["start_requested", "started", "rolled_back"]
    assert world.published() == definition()
    assert world.read_flag().split is None
    assert world.audited().count("rollout.rolled_back") == 1
    assert audit.verify(world.store, "main").ok
    told = world.store.query(world.scope.collection("outbox"))
    assert len([each for each in told if each.id.endswith("-000003")]) == 1


@pytest.fixture
def database(firestore_emulator: str) -> str:
    return firestore_emulator


def test_a_tick_sees_judges_acts_and_tells(database: str) -> None:
    world, sink = failing_world(), Sink()
    world.clock.advance(80)
    cycles = tick.tick(replace(deps(world, sink), aside=Inline(), publishing=Inline()))
    assert len(cycles) == 2, "one more look after a transition, then nothing is left to do"
    assert_taken_back_once(world)
    assert world.store.query(world.scope.collection("windows"))
    types = {point.metric.name for point in sink.points}
    assert {"requests", "failures", "rule_value", "tick_heartbeat"} <= types
    assert {"incidents_open", "dead_letters"} <= types
    delivered = world.store.query(world.scope.collection("deliveries"))
    assert {each.data["status"] for each in delivered} == {"delivered"}


def test_repeats_within_its_minute_while_something_is_rolled_out(database: str) -> None:
    world = new_world()
    world.started()
    began = world.clock.now()
    cycles = tick.tick(deps(world))
    assert len(cycles) == 6
    assert world.clock.now() - began == 50


def test_one_cycle_when_nothing_is(database: str) -> None:
    assert len(tick.tick(deps(new_world()))) == 1


def test_looks_again_soon_while_somebody_is_about_to_start(database: str) -> None:
    world = new_world()
    world.created()
    assert len(tick.tick(deps(world))) == 6
    world.clock.advance(1000)
    assert len(tick.tick(deps(world))) == 1


@pytest.mark.parametrize("at_once", [2, 4])
def test_delivered_several_times_at_once(database: str, at_once: int) -> None:
    world = failing_world()
    everybody = [deps(world, store=same_database(world)) for _ in range(at_once)]
    ready = threading.Barrier(at_once)

    def together(mine: Deps) -> Any:
        ready.wait()
        return tick.decide(mine, world.scope)

    with ThreadPoolExecutor(at_once) as pool:
        steps = list(pool.map(together, everybody))
    assert not any(step.failed for step in steps)
    assert sum(len(step.transitions) for step in steps) == 1
    assert_taken_back_once(world)


def test_at_once_through_a_whole_rollout(database: str) -> None:
    """Two controllers at every step: each transition happens once, in order."""
    world = new_world()
    world.started()
    pair = [deps(world, store=same_database(world)) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        for _ in range(20):
            list(pool.map(lambda mine: tick.decide(mine, world.scope), pair))
            if not world.rollout().state.running:
                break
            world.clock.advance(5)
            world.serve(CANDIDATE, 60)
            world.serve(CONTROL, 90)
            world.clock.advance(5)
    assert world.kinds() == [
        "start_requested",
        "started",
        "advanced",
        "advanced",
        "watching",
        "succeeded",
    ]
    assert [event["number"] for event in world.events()] == [1, 2, 3, 4, 5, 6]
    assert audit.verify(world.store, "main").ok


def test_killed_between_any_two_steps(database: str) -> None:
    """After each of its operations on the store; the next tick comes 10 s or an hour later."""
    [whole] = killed([job(failing_world(), die_after=-1)])
    assert whole["signal"] == 0
    places = range(1, whole["operations"] + 1)
    assert len(places) >= 15
    worlds = [failing_world() for _ in places]
    deaths = killed([job(world, place) for world, place in zip(worlds, places, strict=True)])
    assert [death["signal"] for death in deaths] == [signal.SIGKILL] * len(places)
    delays = []
    for place, world in zip(places, worlds, strict=True):
        world.clock.advance(3600 if place % 2 else 10)
        began = time.monotonic()
        tick.decide(deps(world, store=same_database(world)), world.scope)
        delays.append(time.monotonic() - began)
        assert_taken_back_once(world)
    assert max(delays) < LONGEST_DELAY_SECONDS


def test_trouble_with_telling_delays_no_decision(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cloud Monitoring hangs for the whole minute; the candidate fails in the middle of it."""
    monkeypatch.setattr(tick, "ASIDE_SECONDS", 0.2)
    world, sink = new_world(), Sink()
    sink.go_on.clear()
    world.started()
    hanging = deps(world, sink)
    began = time.monotonic()
    for _ in range(2):
        steps = {world.scope: tick.decide(hanging, world.scope)}
        tick.tell(hanging, steps)
    assert world.rollout().state.phase is Phase.BAKING
    world.serve(CANDIDATE, 6, 6)
    tick.tick(hanging)
    assert time.monotonic() - began < LONGEST_DELAY_SECONDS
    assert_taken_back_once(world)
    sink.go_on.set()
    hanging.publishing.wait(5)


def test_a_tick_that_came_to_nothing_publishes_no_heartbeat(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, sink = new_world(), Sink()

    def broken(*_arguments: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(tick, "advance", broken)
    cycles = tick.tick(deps(world, sink))
    assert len(cycles) == 6, "it goes on trying"
    assert not sink.points


def test_every_environment_of_the_application(database: str) -> None:
    world = failing_world()
    other = World(world.store, world.clock, Scope("main", "testing"))
    other.environment()
    other.flag()
    other.started()
    [steps, *_] = tick.tick(replace(deps(world), clock=ManualClock(world.clock.now())))
    assert {scope.environment: len(step.transitions) for scope, step in steps.items()} == {
        "staging": 1,
        "testing": 1,
    }


def test_runs_on_the_machines_own_clock(database: str) -> None:
    world = new_world()
    assert len(tick.tick(replace(deps(world), clock=SystemClock()))) == 1


def test_nothing_advances_while_the_rules_can_not_be_evaluated(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = new_world()
    world.started()
    mine = deps(world)
    tick.decide(mine, world.scope)
    for _ in range(4):
        world.clock.advance(5)
        world.serve(CANDIDATE, 30)
        world.serve(CONTROL, 90)
        world.clock.advance(5)
    with monkeypatch.context() as broken:
        broken.setattr(tick, "watch", lambda *_, **__: 1 // 0)
        step = tick.decide(mine, world.scope)
    assert (step.failed, step.transitions) == (True, ())
    world.clock.advance(10)
    [moved] = tick.decide(mine, world.scope).transitions
    assert (moved["kind"], moved["percentage"]) == ("advanced", 50)


def test_what_was_found_firing_acts_while_the_rules_can_not_be_evaluated(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = new_world()
    world.started()
    mine = deps(world)
    tick.decide(mine, world.scope)
    world.clock.advance(30)
    rule = BY_ID["p1-memory"]
    key = Key(rule.id, "stories", CANDIDATE)
    state = State(key, rule.severity, FIRING, world.clock.now(), rule.threshold, value=0.9)
    world.store.commit(list(alert_store.writes(world.scope, {}, [state], 0).values()))
    monkeypatch.setattr(tick, "watch", lambda *_, **__: 1 // 0)
    [moved] = tick.decide(mine, world.scope).transitions
    assert moved["kind"] == "paused"
