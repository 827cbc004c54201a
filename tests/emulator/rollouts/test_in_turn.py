"""Many rollouts: who fails is looked at first, and alone between two whole steps."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from functions.alerts.alarm import Alarm
from functions.rollouts import advance as advancing
from functions.rollouts import commands, in_turn
from functions.rollouts.advance import AGAIN_SECONDS, Step, advance
from functions.rollouts.in_turn import Alarms, Looks
from functions.rollouts.state import Phase
from functions.rollouts.survey import nothing_fires
from tests.emulator.rollouts.world import ASKED, CONTROL, World

CANDIDATES = ("1.3.0", "1.4.0", "1.5.0")


@pytest.fixture
def many(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Three rollouts of one service, each of a candidate of its own; two of them are many."""
    monkeypatch.setattr(in_turn, "MANY", 2)
    for number, candidate in enumerate(CANDIDATES):
        begin(world, number, candidate)
    return world


def begin(world: World, number: int, candidate: str) -> None:
    world.flag(f"flag-{number}", candidate)
    world.created(f"r{number}", flag=f"flag-{number}", candidate=candidate)
    world.change(commands.start(f"r{number}", ASKED))


def step(world: World, looks: Looks, alarms: Alarms = nothing_fires) -> Step:
    return advance(world.store, world.clock, world.scope, alarms, looks=looks)


def healthy(world: World) -> None:
    """Enough for each stage to advance."""
    for version in CANDIDATES:
        world.serve(version, 30)
    world.serve(CONTROL, 300)


def moved(found: Step) -> list[tuple[str, str]]:
    return sorted((each["rollout"], each["kind"]) for each in found.transitions)


def test_between_two_whole_steps_only_who_fails_is_looked_at(many: World) -> None:
    looks = Looks()
    assert len(step(many, looks).transitions) == 3, "all of them start"
    healthy(many)
    many.clock.advance(30)
    many.serve("1.4.0", 20, failures=20)
    found = step(many, looks)
    assert moved(found) == [("r1", "rolled_back")], "the others could advance, and wait"
    assert found.running == 2
    assert {each.labels["version"] for each in found.readings} == {"1.3.0", "1.5.0"}
    healthy(many)
    many.clock.advance(30)
    assert moved(step(many, Looks())) == [("r0", "advanced"), ("r2", "advanced")]


def test_all_are_looked_at_again_in_the_next_minute(many: World) -> None:
    looks = Looks()
    step(many, looks)
    healthy(many)
    many.clock.advance(30)
    assert moved(step(many, looks)) == []
    many.clock.advance(30)
    assert moved(step(many, looks)) == [(f"r{n}", "advanced") for n in range(3)]


def test_who_begins_in_between_is_not_kept_waiting(many: World) -> None:
    looks = Looks()
    step(many, looks)
    begin(many, 3, "1.6.0")
    many.clock.advance(10)
    found = step(many, looks)
    assert moved(found) == [("r3", "started")]
    assert found.running == 4
    many.clock.advance(10)
    many.serve("1.6.0", 20, failures=20)
    assert moved(step(many, looks)) == [("r3", "rolled_back")], "it is known from then on"


def test_who_was_ended_by_a_person_is_left_alone(many: World) -> None:
    looks = Looks()
    step(many, looks)
    many.change(commands.abort("r1", ASKED))
    many.clock.advance(10)
    many.serve("1.4.0", 20, failures=20)
    assert moved(step(many, looks)) == []
    assert many.rollout("r1").state.phase is Phase.ABORTED


def test_in_a_long_step_who_is_struck_meanwhile_goes_before_the_others(
    many: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One at a time: while the first is looked at, it begins to fail, and that takes long."""
    monkeypatch.setattr(advancing, "TOGETHER", 1)
    looks = Looks()
    step(many, looks)
    many.clock.advance(60)
    asked: list[str] = []
    meanwhile: list[Phase] = []

    def slowly(_service: str, version: str) -> Sequence[Alarm]:
        asked.append(version)
        if version == CANDIDATES[0] and asked.count(version) == 2:
            many.serve(version, 20, failures=20)
            many.clock.advance(AGAIN_SECONDS)
        if version == CANDIDATES[2]:
            meanwhile.append(many.rollout("r0").state.phase)
        return ()

    assert moved(step(many, looks, slowly)) == [("r0", "rolled_back")]
    assert meanwhile[0] is Phase.BAKING
    assert meanwhile[-1] is Phase.ROLLED_BACK, "before the last was looked at"
