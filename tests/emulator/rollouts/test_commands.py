"""What people may ask of a rollout, on the real store."""

from dataclasses import replace

import pytest

from functions import audit
from functions.changes import View
from functions.errors import (
    FailedPrecondition,
    GenerationConflict,
    InvalidArgument,
    NotFound,
)
from functions.flags.manage.flags import edit_flag
from functions.identity import Permission
from functions.rollouts import commands
from functions.rollouts.advance import advance
from functions.rollouts.commands import Asked, Creation
from functions.rollouts.plan import Stage
from functions.rollouts.shown import summary
from functions.rollouts.state import Phase
from functions.rollouts.templates import TEMPLATES
from tests.emulator.rollouts.world import (
    ASKED,
    CANDIDATE,
    CONTROL,
    FLAG,
    QUICK,
    World,
    definition,
)


def begun(world: World) -> None:
    world.started()
    advance(world.store, world.clock, world.scope)


def test_created_from_the_flags_default(world: World) -> None:
    rollout = world.created()
    assert (rollout.control, rollout.candidate, rollout.service) == (CONTROL, CANDIDATE, "stories")
    assert world.rollout() == rollout
    assert world.read_flag().split is None


@pytest.mark.parametrize(
    ("creation", "error"),
    [
        pytest.param(Creation("r", "nowhere", CANDIDATE, QUICK), NotFound, id="no such flag"),
        pytest.param(Creation("r", FLAG, "9.9.9", QUICK), InvalidArgument, id="no such variant"),
        pytest.param(Creation("r", FLAG, CONTROL, QUICK), InvalidArgument, id="already default"),
        pytest.param(
            Creation("r", FLAG, CANDIDATE, QUICK, service=""), InvalidArgument, id="unmeasured"
        ),
        pytest.param(
            Creation("r", FLAG, CANDIDATE, replace(QUICK, stages=(Stage(10, 1, 2),))),
            InvalidArgument,
            id="a plan that never ends",
        ),
    ],
)
def test_refused_when_created(world: World, creation: Creation, error: type[Exception]) -> None:
    with pytest.raises(error):
        world.change(commands.create(creation, ASKED))


def test_an_unmeasured_flag_takes_a_manual_plan(world: World) -> None:
    world.flag("colour")
    creation = Creation("r", "colour", CANDIDATE, TEMPLATES["manual"])
    assert world.change(commands.create(creation, ASKED)).result.service == ""


def test_starting_twice_changes_nothing_more(world: World) -> None:
    world.started()
    generation = world.generation()
    assert world.change(commands.start("r1", ASKED)).generation == generation
    advance(world.store, world.clock, world.scope)
    assert world.change(commands.start("r1", ASKED)).result.state.phase is Phase.BAKING


def test_one_rollout_a_flag_at_a_time(world: World) -> None:
    begun(world)
    world.created("r2")
    with pytest.raises(FailedPrecondition) as refusal:
        world.change(commands.start("r2", ASKED))
    assert refusal.value.extra == {"rollout": "r1"}
    world.change(commands.rollback("r1", ASKED))
    world.created("r3")
    with pytest.raises(FailedPrecondition, match="quarantined"):
        world.change(commands.start("r3", ASKED))


def test_a_quarantined_candidate_needs_an_override(world: World) -> None:
    begun(world)
    world.change(commands.rollback("r1", ASKED))
    assert world.rollout().quarantined
    world.created("r2")
    with pytest.raises(FailedPrecondition) as refusal:
        world.change(commands.start("r2", ASKED))
    assert refusal.value.remedy == "Release a corrected version, or set `override_quarantine`."
    world.change(commands.start("r2", ASKED, override_quarantine=True))
    assert not world.rollout("r1").quarantined
    assert world.audited()[-2:] == ["rollout.start_requested", "rollout.quarantine_overridden"]


def test_a_candidate_that_nobody_had_is_not_quarantined(world: World) -> None:
    world.started()
    world.change(commands.rollback("r1", ASKED))
    assert not world.rollout().quarantined
    world.created("r2")
    world.change(commands.start("r2", ASKED))


def test_not_started_when_the_default_has_changed(world: World) -> None:
    world.created()
    moved = {"definition": definition("2.0.0", CONTROL, CANDIDATE)}
    world.change(edit_flag(FLAG, 1, moved), Permission.EDIT_FLAGS)
    with pytest.raises(FailedPrecondition, match="no longer"):
        world.change(commands.start("r1", ASKED))


def test_a_candidate_that_has_become_the_default_is_not_started(world: World) -> None:
    """Another rollout of it succeeded meanwhile: nothing is wrong with the request."""
    world.created("r1")
    world.created("r2")
    world.change(commands.start("r1", ASKED))
    advance(world.store, world.clock, world.scope)
    for verb in (commands.promote, commands.promote, commands.complete):
        world.change(verb("r1", ASKED))
    assert world.read_flag().definition["defaultVariant"] == CANDIDATE
    with pytest.raises(FailedPrecondition, match=f"no longer {CONTROL}"):
        world.change(commands.start("r2", ASKED))
    assert world.rollout("r2").state.phase is Phase.PENDING


def test_paused_and_resumed(world: World) -> None:
    begun(world)
    split = world.read_flag().split
    world.change(commands.pause("r1", ASKED))
    world.clock.advance(1000)
    world.serve(CANDIDATE, 50)
    world.serve(CONTROL, 450)
    assert not advance(world.store, world.clock, world.scope).transitions
    assert world.read_flag().split == split
    world.change(commands.resume("r1", ASKED))
    world.clock.advance(19)
    assert not advance(world.store, world.clock, world.scope).transitions, "still to bake"
    world.clock.advance(1)
    assert advance(world.store, world.clock, world.scope).transitions[0]["kind"] == "advanced"


def test_promoted_step_by_step(world: World) -> None:
    begun(world)
    percentages = []
    while world.rollout().state.running:
        percentages.append(world.rollout().percentage)
        world.change(commands.promote("r1", ASKED))
    assert percentages == [10, 50, 95, 95]
    assert world.published()["defaultVariant"] == CANDIDATE


@pytest.mark.parametrize("promotions", range(4))
def test_rolled_back_exactly_from_every_stage(world: World, promotions: int) -> None:
    before = world.published()
    begun(world)
    for _ in range(promotions):
        world.change(commands.promote("r1", ASKED))
    world.change(commands.rollback("r1", ASKED), Permission.ROLL_BACK)
    assert world.published() == before
    assert world.read_flag().definition == definition()
    generation = world.generation()
    assert world.change(commands.rollback("r1", ASKED)).generation == generation
    for late in (commands.promote, commands.resume, commands.pause):
        with pytest.raises(FailedPrecondition):
            world.change(late("r1", ASKED))
    assert not advance(world.store, world.clock, world.scope).running
    assert audit.verify(world.store, "main").ok


def test_an_edit_during_the_rollout_survives_the_rollback(world: World) -> None:
    begun(world)
    edited = {**definition(), "metadata": {"note": "edited meanwhile"}}
    world.change(
        edit_flag(FLAG, world.read_flag().revision, {"definition": edited}),
        Permission.EDIT_FLAGS,
    )
    world.change(commands.rollback("r1", ASKED))
    assert world.published() == edited


def test_a_command_for_another_stage_is_refused(world: World) -> None:
    begun(world)
    world.change(commands.promote("r1", ASKED))
    with pytest.raises(GenerationConflict) as refusal:
        world.change(commands.promote("r1", Asked("person:late", stage=0)))
    assert refusal.value.extra == {"expected_stage": 0, "stage": 1}
    world.change(commands.rollback("r1", Asked("person:late", stage=0)))
    assert world.rollout().state.phase is Phase.ROLLED_BACK


def test_a_promotion_that_is_sent_twice_does_not_skip_the_watch(world: World) -> None:
    begun(world)
    for _ in range(2):
        world.change(commands.promote("r1", ASKED))
    seen = Asked("person:ada", stage=summary(world.rollout())["stage"])
    world.change(commands.promote("r1", seen))
    for _ in range(2):
        with pytest.raises(GenerationConflict, match="at stage 3, not 2"):
            world.change(commands.promote("r1", seen))
        world.change(commands.pause("r1", ASKED))
        assert world.rollout().state.within is Phase.WATCHING
        world.change(commands.resume("r1", ASKED))
    watched = Asked("person:ada", stage=summary(world.rollout())["stage"])
    world.change(commands.promote("r1", watched))
    assert world.rollout().state.phase is Phase.SUCCEEDED


def test_no_such_rollout(world: World) -> None:
    with pytest.raises(NotFound):
        world.change(commands.rollback("nowhere", ASKED))


def test_what_can_not_be_served_is_neither_created_nor_started(world: World) -> None:
    def refusing(_view: View, flag: str, candidate: str) -> None:
        raise FailedPrecondition(f"{flag} can't serve {candidate}.")

    refused = commands.create(Creation("r", FLAG, CANDIDATE, QUICK), ASKED, refusing)
    with pytest.raises(FailedPrecondition, match="can't serve"):
        world.change(refused)
    world.change(commands.create(Creation("r", FLAG, CANDIDATE, QUICK), ASKED))
    with pytest.raises(FailedPrecondition, match="can't serve"):
        world.change(commands.start("r", ASKED, releasable=refusing))
    assert world.rollout("r").state.phase is Phase.PENDING
