"""The controller on the real store: what one step after another does."""

from dataclasses import replace

from functions import audit
from functions.documents import Write
from functions.flags.manage.flags import archive_flag
from functions.identity import Permission
from functions.metrics.observation import Note
from functions.metrics.recorder import Recorder
from functions.rollouts import commands
from functions.rollouts.advance import advance, look_at
from functions.rollouts.criterion import Criterion
from functions.rollouts.state import Phase
from functions.rollouts.verdict import Kind
from tests.emulator.rollouts.world import (
    ASKED,
    CANDIDATE,
    CONTROL,
    FLAG,
    QUICK,
    SERVICE,
    World,
)


def test_a_healthy_candidate_goes_all_the_way(world: World) -> None:
    before = world.read_flag()
    world.started()
    assert world.read_flag().split is None, "only the controller makes the first split"
    seen = []
    for _ in range(30):
        step = advance(world.store, world.clock, world.scope)
        seen += [(each["kind"], each["percentage"]) for each in step.transitions]
        if not step.running:
            break
        world.clock.advance(5)
        world.serve(CANDIDATE, 30)
        world.serve(CONTROL, 90)
        world.clock.advance(5)
    assert seen == [
        ("started", 10),
        ("advanced", 50),
        ("advanced", 95),
        ("watching", 95),
        ("succeeded", 100),
    ]
    flag = world.read_flag()
    assert flag.split is None
    assert flag.definition == {**before.definition, "defaultVariant": CANDIDATE}
    assert world.published() == flag.definition
    assert world.kinds() == ["start_requested", *(kind for kind, _ in seen)]
    assert audit.verify(world.store, "main").ok


def test_a_failing_candidate_is_taken_back_at_once_and_exactly(world: World) -> None:
    before = world.read_flag()
    world.started()
    advance(world.store, world.clock, world.scope)
    assert world.published() != before.definition
    world.serve(CANDIDATE, 6, 6)
    world.serve(CONTROL, 60)
    step = advance(world.store, world.clock, world.scope)
    assert [each["kind"] for each in step.transitions] == ["rolled_back"]
    rollout = world.rollout()
    assert rollout.state.phase is Phase.ROLLED_BACK
    assert rollout.quarantined
    assert rollout.verdict
    assert rollout.verdict.sentence == (
        "Rolled back: 6 users hit errors on the new version; none expected if it were as "
        "healthy as the old one."
    )
    assert world.read_flag().definition == before.definition
    assert world.read_flag().split is None
    assert world.published() == before.definition
    event = world.events()[-1]
    assert event["at"] == world.clock.now()
    assert event["verdict"]["figures"]["failing_users"] == 6
    assert world.audited()[-1] == "rollout.rolled_back"


def test_what_was_served_before_the_shift_does_not_count(world: World) -> None:
    world.started()
    world.serve(CANDIDATE, 50, 50)
    advance(world.store, world.clock, world.scope)
    assert not advance(world.store, world.clock, world.scope).transitions
    found = look_at(world.store, world.scope, world.rollout(), world.clock.now())
    assert found
    assert found.verdict.kind is Kind.NO_DATA


def test_a_duplicate_step_changes_nothing(world: World) -> None:
    world.started()
    advance(world.store, world.clock, world.scope)
    world.serve(CANDIDATE, 6, 6)
    advance(world.store, world.clock, world.scope)
    generation = world.generation()
    assert advance(world.store, world.clock, world.scope).running == 0
    assert world.generation() == generation
    assert world.kinds() == ["start_requested", "started", "rolled_back"]


def test_evidence_outlives_its_slots_and_counts_once(world: World) -> None:
    """Three failing users, ten minutes of silence, three more: six."""
    patient = replace(
        QUICK, stages=(replace(QUICK.stages[0], max_wait_seconds=3600), *QUICK.stages[1:])
    )
    world.started(plan=patient)
    advance(world.store, world.clock, world.scope)
    world.serve(CANDIDATE, 3, 3)
    for _ in range(60):
        world.clock.advance(10)
        assert not advance(world.store, world.clock, world.scope).transitions
    found = look_at(world.store, world.scope, world.rollout(), world.clock.now())
    assert found
    assert found.situation.seen.stage.candidate.failures == 3
    world.serve(CANDIDATE, 3, 3)
    assert [
        each["rule"] for each in advance(world.store, world.clock, world.scope).transitions
    ] == ["evidence"]


def test_an_hour_late_it_still_sees_what_happened(world: World) -> None:
    world.started()
    advance(world.store, world.clock, world.scope)
    world.clock.advance(30)
    world.serve(CANDIDATE, 6, 6)
    world.clock.advance(3600)
    step = advance(world.store, world.clock, world.scope)
    assert [each["rule"] for each in step.transitions] == ["evidence"]


def test_without_data_it_waits_and_then_pauses_but_stays_guarded(world: World) -> None:
    world.started()
    advance(world.store, world.clock, world.scope)
    world.clock.advance(119)
    assert not advance(world.store, world.clock, world.scope).transitions
    world.clock.advance(1)
    step = advance(world.store, world.clock, world.scope)
    assert [(each["kind"], each["rule"]) for each in step.transitions] == [("paused", "no data")]
    assert not advance(world.store, world.clock, world.scope).transitions
    world.serve(CANDIDATE, 6, 6)
    step = advance(world.store, world.clock, world.scope)
    assert [each["kind"] for each in step.transitions] == ["rolled_back"]


DEMANDING = replace(
    QUICK,
    criteria=replace(QUICK.criteria, measures=(Criterion("quality_length", 25, at_least=0.9),)),
)


def test_a_candidate_that_writes_worse_waits_then_pauses_and_goes_on_once_it_is_better(
    world: World,
) -> None:
    world.started(plan=DEMANDING)
    advance(world.store, world.clock, world.scope)
    said: list[str] = []
    for _ in range(3):
        world.clock.advance(40)
        world.serve(CANDIDATE, 20, measures={"quality_length": 0.7})
        world.serve(CONTROL, 180, measures={"quality_length": 1.0})
        moved = advance(world.store, world.clock, world.scope).transitions
        found = look_at(world.store, world.scope, world.rollout(), world.clock.now())
        assert found
        said.append(found.verdict.rule)
    assert said[:2] == ["samples", "measures"]
    assert [each["kind"] for each in moved] == ["paused"]
    paused = world.rollout()
    assert paused.verdict
    assert "the mean of `quality_length` is 0.7" in paused.verdict.sentence.lower()
    assert paused.verdict.figures["values_of_quality_length"] == 60
    world.change(commands.resume("r1", ASKED))
    world.serve(CANDIDATE, 300, measures={"quality_length": 1.0}, instance="i2")
    world.serve(CONTROL, 900, instance="i2")
    moved = advance(world.store, world.clock, world.scope).transitions
    assert [(each["kind"], each["percentage"]) for each in moved] == [("advanced", 50)]


def test_what_is_counted_beside_a_version_is_nobodys_merit_or_fault(world: World) -> None:
    world.started(plan=DEMANDING)
    advance(world.store, world.clock, world.scope)
    world.clock.advance(40)
    for arm in (f"{CANDIDATE}+fallback", f"{CANDIDATE}+pinned"):
        world.serve(arm, 60, 30, measures={"quality_length": 1.0})
        world.serve(arm, 60, measures={"quality_length": 1.0}, instance="i2")
    world.serve(CONTROL, 180)
    assert not advance(world.store, world.clock, world.scope).transitions
    found = look_at(world.store, world.scope, world.rollout(), world.clock.now())
    assert found
    assert found.verdict.kind is Kind.NO_DATA


def test_a_rating_of_an_earlier_split_does_not_count(world: World) -> None:
    world.started(plan=DEMANDING)
    earlier = world.generation()
    advance(world.store, world.clock, world.scope)
    recorder = Recorder(world.store, world.clock)
    for generation in (earlier, world.generation()):
        measures = {"quality_length": 1.0}
        note = Note(SERVICE, CANDIDATE, generation, world.clock.now(), measures)
        recorder.note(world.scope, note)
    assert recorder.flush()
    found = look_at(world.store, world.scope, world.rollout(), world.clock.now())
    assert found
    assert found.situation.seen.stage.candidate.measure("quality_length").count == 1


def test_trouble_upstream_pauses(world: World) -> None:
    world.started()
    advance(world.store, world.clock, world.scope)
    world.serve(CANDIDATE, 20, 8, cause="upstream")
    world.serve(CONTROL, 180, 72, cause="upstream")
    step = advance(world.store, world.clock, world.scope)
    assert [(each["kind"], each["rule"]) for each in step.transitions] == [("paused", "upstream")]
    assert world.read_flag().split


def test_crashes_of_both_after_a_raise_return_to_the_split_before(world: World) -> None:
    world.started()
    advance(world.store, world.clock, world.scope)
    world.clock.advance(20)
    world.serve(CANDIDATE, 30)
    world.serve(CONTROL, 100)
    advance(world.store, world.clock, world.scope)
    assert world.rollout().percentage == 50
    world.clock.advance(30)
    world.serve(CANDIDATE, 60, 6, cause="internal")
    world.serve(CONTROL, 60, 6, cause="internal")
    step = advance(world.store, world.clock, world.scope)
    assert [each["kind"] for each in step.transitions] == ["stepped_back"]
    assert world.rollout().percentage == 10
    assert world.rollout().state.phase is Phase.PAUSED
    world.clock.advance(30)
    world.serve(CANDIDATE, 12, 2, cause="internal")
    world.serve(CONTROL, 100, 10, cause="internal")
    step = advance(world.store, world.clock, world.scope)
    assert [each["kind"] for each in step.transitions] == ["rolled_back"]


def test_all_that_moves_in_one_environment_is_one_commit(world: World) -> None:
    for number in range(5):
        key = f"other-{number}"
        world.flag(key)
        world.started(f"o{number}", flag=key)
    generation = world.generation()
    step = advance(world.store, world.clock, world.scope)
    assert len(step.transitions) == 5
    assert world.generation() == generation + 1
    assert audit.verify(world.store, "main").ok


def test_a_flag_that_is_gone_stops_only_its_own_rollout(world: World) -> None:
    world.flag("doomed")
    world.started("r1")
    world.started("r2", flag="doomed")
    world.change(archive_flag("doomed", 1), Permission.EDIT_FLAGS)
    step = advance(world.store, world.clock, world.scope)
    assert {each["rollout"]: each["kind"] for each in step.transitions} == {
        "r1": "started",
        "r2": "superseded",
    }


def test_a_rollout_that_can_not_be_read_stops_nobody(world: World) -> None:
    world.flag("other")
    world.started("r1")
    world.started("r2", flag="other")
    document = world.store.get(world.scope.doc("rollouts", "r2"))
    assert document
    broken = {**document.data, "plan": {"stages": "?"}}
    world.store.commit([Write.set(document.path, broken)])
    step = advance(world.store, world.clock, world.scope)
    assert [each["rollout"] for each in step.transitions] == ["r1"]


def test_a_step_reads_little_and_writes_nothing_while_waiting(world: World) -> None:
    world.started()
    advance(world.store, world.clock, world.scope)
    world.serve(CANDIDATE, 5)
    world.store.operations.clear()
    advance(world.store, world.clock, world.scope)
    assert world.store.operations == {"reads": 3}


def test_manual_plans_wait_for_a_person_but_are_guarded(world: World) -> None:
    world.started(plan=replace(QUICK, automatic=False))
    advance(world.store, world.clock, world.scope)
    world.clock.advance(500)
    world.serve(CANDIDATE, 100)
    world.serve(CONTROL, 900)
    assert not advance(world.store, world.clock, world.scope).transitions
    world.change(commands.promote("r1", ASKED))
    assert world.rollout().percentage == 50
    world.serve(CANDIDATE, 60, 40)
    world.serve(CONTROL, 60)
    step = advance(world.store, world.clock, world.scope)
    assert [each["kind"] for each in step.transitions] == ["rolled_back"]
    assert world.read_flag(FLAG).split is None
