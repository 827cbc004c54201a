"""Queues, approvals, openings, several flags, audiences, and what if nothing can serve."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest

from functions.changes import View
from functions.errors import FailedPrecondition, InvalidArgument
from functions.flags.manage.flags import edit_flag
from functions.flags.manage.segments import create_segment, delete_segment
from functions.flags.segment import Segment
from functions.flags.split import Audience
from functions.identity import Permission
from functions.rollouts import commands
from functions.rollouts.advance import Step, advance
from functions.rollouts.commands import Asked
from functions.rollouts.opening import Opening
from functions.rollouts.plan import Plan, Stage, Type
from functions.rollouts.rollout import CORRUPTION, QUEUE, SUPERSEDE
from functions.rollouts.state import Paused, Phase
from tests.emulator.rollouts.world import ASKED, CANDIDATE, CONTROL, FLAG, QUICK, World, definition

ADA, BOB = Asked("person:ada", "a test"), Asked("person:bob", "a test")
HOTFIX = replace(QUICK, type=Type.HOTFIX)
LATER = "1.4.0"


def step(world: World) -> Step:
    return advance(world.store, world.clock, world.scope)


def healthy(world: World, times: int = 1) -> None:
    """A bake that goes well, and a look after it; users arrive as they are split."""
    for _ in range(times):
        for _ in range(3):
            serve(world)
        step(world)


def serve(world: World, failures: int = 0) -> None:
    share = world.rollout().percentage
    world.serve(CANDIDATE, 30, failures)
    world.serve(CONTROL, round(30 * (100 - share) / share))
    world.clock.advance(10)


class Serving:
    """Which variants can be served."""

    def __init__(self, *unserved: str) -> None:
        self.unserved: Collection[str] = unserved

    def __call__(self, _view: View, _flag: str, variant: str) -> None:
        if variant in self.unserved:
            raise FailedPrecondition(f"{variant} can't be served.")


@pytest.fixture
def later(world: World) -> World:
    """The flag has a second candidate."""
    change = {"definition": definition(CONTROL, CANDIDATE, LATER)}
    world.change(edit_flag(FLAG, 1, change), Permission.EDIT_FLAGS)
    return world


def test_queued_until_the_other_has_ended_then_from_what_is_the_default_by_then(
    later: World,
) -> None:
    world = later
    world.started()
    step(world)
    world.started("r2", candidate=LATER, if_running=QUEUE)
    assert world.rollout("r2").state.phase is Phase.QUEUED
    assert world.change(commands.start("r2", ASKED)).result.state.phase is Phase.QUEUED
    assert not step(world).transitions
    for _ in range(4):
        world.change(commands.promote("r1", ASKED))
    assert world.rollout("r1").state.phase is Phase.SUCCEEDED
    assert [each["kind"] for each in step(world).transitions] == ["dequeued", "started"]
    second = world.rollout("r2")
    assert (second.control, second.state.phase) == (CANDIDATE, Phase.BAKING)
    split = world.read_flag().split
    assert split
    assert (split.control, split.candidate) == (CANDIDATE, LATER)


def test_a_later_start_does_not_overtake_what_is_queued(later: World) -> None:
    world = later
    world.started()
    step(world)
    world.started("r2", candidate=LATER, if_running=QUEUE)
    world.created("r3")
    world.created("r4", if_running=QUEUE)
    world.change(commands.abort("r1", ASKED))
    with pytest.raises(FailedPrecondition, match="r2 waits for its turn"):
        world.change(commands.start("r3", ASKED))
    world.change(commands.start("r4", ASKED))
    step(world)
    phases = [world.rollout(each).state.phase for each in ("r2", "r4")]
    assert phases == [Phase.STARTING, Phase.QUEUED] or phases == [Phase.BAKING, Phase.QUEUED]


def test_what_was_taken_back_while_it_waited_does_not_begin(world: World) -> None:
    world.started()
    step(world)
    world.started("r2", if_running=QUEUE)
    world.change(commands.rollback("r1", ASKED))
    assert [each["kind"] for each in step(world).transitions] == ["superseded"]
    assert world.read_flag().split is None
    assert "was rolled back" in world.events("r2")[-1]["reason"]


def test_a_new_version_takes_the_place_of_the_one_that_runs(later: World) -> None:
    world = later
    world.started()
    step(world)
    world.created("r2", candidate=LATER, if_running=SUPERSEDE)
    world.change(commands.start("r2", ASKED))
    first = world.rollout("r1")
    assert (first.state.phase, first.quarantined) == (Phase.ABORTED, False)
    assert world.read_flag().split is None
    assert "r2 takes its place" in world.events("r1")[-1]["reason"]
    step(world)
    split = world.read_flag().split
    assert split
    assert split.rollout == "r2"


def test_a_hotfix_needs_a_second_person_and_gives_way_to_nobody(later: World) -> None:
    world = later
    world.started()
    step(world)
    world.created("r2", HOTFIX, candidate=LATER)
    with pytest.raises(FailedPrecondition, match="second person"):
        world.change(commands.start("r2", ASKED))
    with pytest.raises(FailedPrecondition, match="can't approve"):
        world.change(commands.approve("r2", ASKED))
    world.change(commands.approve("r2", ADA))
    world.change(commands.start("r2", ASKED))
    assert world.rollout("r1").state.phase is Phase.ABORTED
    assert [(each.by, each.stage) for each in world.rollout("r2").approvals] == [(ADA.actor, 0)]


@pytest.mark.parametrize("share", [24.99, 50.0])
def test_nobody_gets_round_the_second_person_of_a_hotfix(world: World, share: float) -> None:
    stages = (Stage(10, 20, 120), Stage(25, 20, 120, approval=True), Stage(50, 20, 120))
    world.created(plan=replace(HOTFIX, stages=(*stages, Stage(100, 20, 120))))
    world.change(commands.approve("r1", ADA))
    world.change(commands.start("r1", ASKED))
    step(world)
    with pytest.raises(FailedPrecondition, match="second person"):
        world.change(commands.increase("r1", ASKED, share))
    world.change(commands.approve("r1", ADA))
    world.change(commands.increase("r1", ASKED, share))
    assert world.rollout().percentage == share
    assert [each.by for each in world.rollout().approvals] == [ADA.actor, ADA.actor]


def test_who_raises_past_an_approval_has_approved(world: World) -> None:
    first, *others = QUICK.stages
    world.started(plan=replace(QUICK, stages=(first, *(replace(s, approval=True) for s in others))))
    step(world)
    world.change(commands.increase("r1", BOB, 49.0))
    assert not world.rollout().approvals, "it is still the first stage"
    world.change(commands.increase("r1", BOB, 95.0))
    assert [(each.by, each.stage) for each in world.rollout().approvals] == [(BOB.actor, 2)]
    world.change(commands.promote("r1", ASKED))
    assert len(world.rollout().approvals) == 1


def closed_now(world: World, plan: Plan = QUICK) -> Plan:
    """Opens in an hour's time, for two hours."""
    minute = int(world.clock.now() % 86_400 // 60) + 60
    opening = Opening(tuple(range(7)), minute % 1440, min(1440, minute % 1440 + 120), "UTC")
    return replace(plan, openings=(opening,))


def test_a_start_waits_for_its_opening(world: World) -> None:
    world.started("r1", closed_now(world))
    assert not step(world).transitions
    assert world.read_flag().split is None
    world.clock.advance(3600)
    assert [each["kind"] for each in step(world).transitions] == ["started"]


def test_what_can_not_be_served_when_it_opens_does_not_begin(world: World) -> None:
    world.started("r1", closed_now(world))
    step(world)
    world.clock.advance(3600)
    advance(world.store, world.clock, world.scope, releasable=Serving(CANDIDATE))
    assert world.rollout().state.phase is Phase.SUPERSEDED
    assert world.read_flag().split is None
    assert "can't be served any more" in world.events()[-1]["reason"]


def test_a_hotfix_waits_for_no_opening_where_data_is_at_stake(world: World) -> None:
    world.created("r1", closed_now(world, HOTFIX), cause=CORRUPTION)
    world.change(commands.approve("r1", ADA))
    world.change(commands.start("r1", ASKED))
    assert step(world).transitions


def test_only_a_hotfix_has_a_cause(world: World) -> None:
    with pytest.raises(InvalidArgument, match="Only a hotfix"):
        world.created("r1", cause=CORRUPTION)


def test_a_raise_waits_for_its_opening_and_a_rollback_does_not(world: World) -> None:
    stages = (replace(QUICK.stages[0], max_wait_seconds=8000), *QUICK.stages[1:])
    world.started("r1", replace(closed_now(world), stages=stages, open_for="raises"))
    world.clock.advance(3600)
    step(world)
    world.clock.advance(7200)
    healthy(world, 2)
    world.clock.advance(3600)
    healthy(world)
    rollout = world.rollout()
    assert (rollout.state.phase, rollout.state.stage) == (Phase.BAKING, 0), "not paused either"
    serve(world, 30)
    step(world)
    assert world.rollout().state.phase is Phase.ROLLED_BACK


def test_nobody_raises_by_hand_in_closed_hours(world: World) -> None:
    world.started("r1", replace(closed_now(world), open_for="raises"))
    world.clock.advance(3600)
    step(world)
    world.clock.advance(7200)
    for raising in (commands.promote("r1", ASKED), commands.increase("r1", ASKED, 20.0)):
        with pytest.raises(FailedPrecondition, match=r"the next one opens \w+ \d\d:\d\d \(UTC\)"):
            world.change(raising)
    world.clock.advance(22 * 3600 + 60)
    world.change(commands.increase("r1", ASKED, 95.0))
    world.clock.advance(3 * 3600)
    world.change(commands.promote("r1", ASKED))
    assert world.rollout().state.phase is Phase.WATCHING, "that is no raise"


def test_a_stage_that_asks_for_it_waits_for_a_person(world: World) -> None:
    stages = (QUICK.stages[0], replace(QUICK.stages[1], approval=True), QUICK.stages[2])
    world.started("r1", replace(QUICK, stages=stages))
    step(world)
    healthy(world)
    where = world.rollout().state
    assert (where.phase, where.paused_for) == (Phase.PAUSED, Paused.APPROVAL)
    healthy(world, 3)
    assert world.rollout().state == where, "it waits"
    world.change(commands.approve("r1", BOB))
    assert world.rollout().state.phase is Phase.BAKING
    healthy(world)
    assert world.rollout().state.stage == 1
    generation = world.generation()
    with pytest.raises(FailedPrecondition, match="No stage"):
        world.change(commands.approve("r1", BOB))
    assert world.generation() == generation


def test_approved_ahead_it_does_not_wait(world: World) -> None:
    stages = (QUICK.stages[0], replace(QUICK.stages[1], approval=True), QUICK.stages[2])
    world.started("r1", replace(QUICK, stages=stages))
    world.change(commands.approve("r1", BOB))
    step(world)
    healthy(world)
    assert world.rollout().state.stage == 1


def test_flags_move_together_and_back_together(world: World) -> None:
    world.flag("colour")
    before = [world.read_flag(), world.read_flag("colour")]
    world.started("r1", also=(("colour", CANDIDATE),))
    step(world)
    splits = [world.read_flag().split, world.read_flag("colour").split]
    assert [(split.salt, split.percentage) for split in splits if split] == [("r1", 10), ("r1", 10)]
    world.created("r2", flag="colour")
    with pytest.raises(FailedPrecondition) as refusal:
        world.change(commands.start("r2", ASKED))
    assert refusal.value.extra == {"rollout": "r1"}
    world.change(commands.rollback("r1", ASKED))
    after = [world.read_flag(), world.read_flag("colour")]
    assert [replace(flag, updated_at=0.0) for flag in after] == [
        replace(flag, updated_at=0.0) for flag in before
    ]
    with pytest.raises(FailedPrecondition, match="quarantined"):
        world.change(commands.start("r2", ASKED))


def test_flags_succeed_together_and_are_taken_back_together(world: World) -> None:
    world.flag("colour")
    before = world.read_flag("colour").definition
    world.started("r1", also=(("colour", CANDIDATE),))
    step(world)
    for _ in range(4):
        world.change(commands.promote("r1", ASKED))
    assert world.published("colour")["defaultVariant"] == CANDIDATE
    world.change(commands.rollback("r1", ASKED))
    assert world.rollout().state.phase is Phase.ROLLED_BACK
    assert world.rollout().quarantined
    assert world.read_flag("colour").definition == before
    assert world.published()["defaultVariant"] == CONTROL


def test_not_taken_back_once_the_flag_has_moved_on(later: World) -> None:
    world = later
    world.started()
    step(world)
    for _ in range(4):
        world.change(commands.promote("r1", ASKED))
    changed = {"definition": definition(LATER, CONTROL, CANDIDATE)}
    world.change(edit_flag(FLAG, world.read_flag().revision, changed), Permission.EDIT_FLAGS)
    with pytest.raises(FailedPrecondition, match="no longer as this rollout left it"):
        world.change(commands.rollback("r1", ASKED))


def test_blocked_while_nothing_can_serve_in_its_place(world: World) -> None:
    world.started()
    step(world)
    serving = Serving(CONTROL)
    world.change(commands.rollback("r1", ASKED, serving))
    assert world.rollout().state.phase is Phase.BLOCKED
    split = world.read_flag().split
    assert split
    assert split.percentage == 10
    generation = world.generation()
    again = advance(world.store, world.clock, world.scope, releasable=serving)
    assert (again.transitions, world.generation()) == ((), generation)
    with pytest.raises(FailedPrecondition, match="can't be served") as refusal:
        world.change(commands.abort("r1", ASKED, serving))
    assert "taken back by itself" in refusal.value.remedy
    world.created("r2")
    with pytest.raises(FailedPrecondition, match="r1 is running") as refusal:
        world.change(commands.start("r2", ASKED))
    assert "resume it" in refusal.value.remedy
    serving.unserved = ()
    moved = advance(world.store, world.clock, world.scope, releasable=serving).transitions
    assert [each["kind"] for each in moved] == ["rolled_back"]
    assert world.rollout().quarantined
    assert world.read_flag().split is None


def test_a_block_pages(world: World) -> None:
    world.started()
    step(world)
    world.change(commands.rollback("r1", ASKED, Serving(CONTROL)))
    told = [each.data for each in world.store.query(world.scope.collection("outbox"))]
    [message] = [each for each in told if "can't be rolled back" in str(each)]
    assert message["severity"] == "P1"
    assert f"{CONTROL} can't be served" in str(message)


def test_back_to_another_version_that_is_known_to_be_good(later: World) -> None:
    world = later
    world.started("r0")
    step(world)
    for _ in range(4):
        world.change(commands.promote("r0", ASKED))
    changed = {"definition": definition(CONTROL, CANDIDATE, LATER)}
    world.change(edit_flag(FLAG, world.read_flag().revision, changed), Permission.EDIT_FLAGS)
    world.started("r1", candidate=LATER)
    step(world)
    world.change(commands.rollback("r1", ASKED, Serving(CONTROL)))
    assert world.rollout().state.phase is Phase.ROLLED_BACK
    assert world.published()["defaultVariant"] == CANDIDATE


def test_back_to_the_control_where_the_candidate_can_not_be_served_either(world: World) -> None:
    world.started()
    step(world)
    world.change(commands.rollback("r1", ASKED, Serving(CONTROL, CANDIDATE)))
    assert world.rollout().state.phase is Phase.ROLLED_BACK


def test_aborted_it_may_be_released_anew(world: World) -> None:
    world.started()
    step(world)
    world.change(commands.abort("r1", ASKED))
    generation = world.generation()
    world.change(commands.abort("r1", ASKED))
    assert world.generation() == generation
    assert world.rollout().state.phase is Phase.ABORTED
    assert world.read_flag().split is None
    world.started("r2")


def test_reset_forgets_what_was_seen_and_can_be_started_again(world: World) -> None:
    world.started()
    step(world)
    world.change(commands.promote("r1", ASKED))
    world.change(commands.reset("r1", ASKED))
    rollout = world.rollout()
    assert (rollout.state.phase, rollout.shift, rollout.closed) == (Phase.PENDING, None, ())
    assert world.read_flag().split is None
    world.change(commands.start("r1", ASKED))
    step(world)
    assert world.rollout().percentage == 10


def test_increased_and_completed_by_hand(world: World) -> None:
    world.started()
    step(world)
    world.change(commands.increase("r1", ASKED, 30.0))
    split = world.read_flag().split
    assert split
    assert split.percentage == 30
    with pytest.raises(FailedPrecondition, match="only the last"):
        world.change(commands.complete("r1", ASKED))
    world.change(commands.increase("r1", ASKED, 95.0))
    world.change(commands.complete("r1", ASKED))
    assert world.published()["defaultVariant"] == CANDIDATE


def test_a_quarantine_is_lifted_by_a_command_of_its_own(world: World) -> None:
    world.started()
    step(world)
    world.change(commands.rollback("r1", ASKED))
    world.created("r2")
    world.change(commands.override_quarantine("r2"))
    assert not world.rollout("r1").quarantined
    assert world.audited()[-1] == "rollout.quarantine_overridden"
    world.change(commands.start("r2", ASKED))


BETA = (
    Stage(10, 20, 120, audience="beta"),
    Stage(10, 20, 120),
    Stage(100, 20, 120),
)


def test_an_audience_first_then_everybody(world: World) -> None:
    segment = Segment("beta", {"==": [{"var": "beta"}, True]})
    plan = replace(QUICK, stages=BETA)
    with pytest.raises(InvalidArgument, match="beta"):
        world.created("r0", plan)
    world.change(create_segment(segment), Permission.EDIT_FLAGS)
    world.started("r1", plan)
    step(world)
    split = world.read_flag().split
    assert split
    assert (split.percentage, split.audiences) == (0, (Audience("beta", 10),))
    with pytest.raises(FailedPrecondition, match="audience"):
        world.change(commands.increase("r1", ASKED, 20.0))
    world.change(commands.promote("r1", ASKED))
    split = world.read_flag().split
    assert split
    assert (split.percentage, split.audiences) == (10, ())


def test_a_segment_that_a_stage_is_for_is_not_deleted_under_it(world: World) -> None:
    world.change(
        create_segment(Segment("beta", {"==": [{"var": "beta"}, True]})), Permission.EDIT_FLAGS
    )
    world.started("r1", replace(QUICK, stages=BETA))
    world.change(delete_segment("beta", 1), Permission.EDIT_FLAGS)
    assert [each["kind"] for each in step(world).transitions] == ["superseded"]
    world.change(
        create_segment(Segment("beta", {"==": [{"var": "beta"}, True]})), Permission.EDIT_FLAGS
    )
    world.started("r2", replace(QUICK, stages=BETA))
    step(world)
    with pytest.raises(FailedPrecondition):
        world.change(delete_segment("beta", 1), Permission.EDIT_FLAGS)


def test_what_is_taken_back_after_success_is_exactly_as_it_was(world: World) -> None:
    """Also where a rule named the candidate before: only what the rollout changed is undone."""
    before = {
        **definition(),
        "targeting": {"if": [{"==": [{"var": "team"}, "red"]}, CONTROL, CANDIDATE]},
    }
    world.change(edit_flag(FLAG, 1, {"definition": before}), Permission.EDIT_FLAGS)
    world.started()
    step(world)
    for _ in range(4):
        world.change(commands.promote("r1", ASKED))
    flag = world.read_flag()
    told = edit_flag(FLAG, flag.revision, {"description": "Who writes them."})
    world.change(told, Permission.EDIT_FLAGS)
    world.change(commands.rollback("r1", ASKED))
    assert world.read_flag().definition == before
    assert world.read_flag().description == "Who writes them."


def test_a_first_stage_that_asks_for_it_is_approved_before_the_start(world: World) -> None:
    stages = (replace(QUICK.stages[0], approval=True), *QUICK.stages[1:])
    world.created(plan=replace(QUICK, stages=stages))
    with pytest.raises(FailedPrecondition, match="approval before its first stage"):
        world.change(commands.start("r1", ASKED))
    world.change(commands.approve("r1", ASKED))
    assert world.change(commands.start("r1", ASKED)).result.state.phase is Phase.STARTING
