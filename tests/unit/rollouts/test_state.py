from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.errors import FailedPrecondition
from functions.rollouts import state
from functions.rollouts.plan import Plan, Stage
from functions.rollouts.state import Paused, Phase, State, Step

PLAN = Plan(
    "seconds",
    (Stage(10, 30, 100), Stage(50, 30, 100), Stage(100, 30, 100)),
    watch_seconds=40,
)
BY_HAND = replace(PLAN, automatic=False)

PENDING = State()
STARTING = State(Phase.STARTING, since=1)
BAKING = State(Phase.BAKING, 1, 10.0, 110.0)
LAST = State(Phase.BAKING, 2, 10.0, 110.0)
WATCHING = State(Phase.WATCHING, 2, 10.0, 150.0)
PAUSED = State(Phase.PAUSED, 1, 10.0, None, Phase.BAKING, 20.0)
PAUSED_WATCH = State(Phase.PAUSED, 2, 10.0, None, Phase.WATCHING, 20.0)
SUCCEEDED = State(Phase.SUCCEEDED, 2, 10.0)
ROLLED_BACK = State(Phase.ROLLED_BACK, 1, 10.0)
SUPERSEDED = State(Phase.SUPERSEDED)
QUEUED = State(Phase.QUEUED, since=1)
ABORTED = State(Phase.ABORTED, 1, 10.0)
BLOCKED = State(Phase.BLOCKED, 1, 10.0, None, Phase.BAKING, 20.0)
EVERY = (
    PENDING,
    STARTING,
    BAKING,
    LAST,
    WATCHING,
    PAUSED,
    PAUSED_WATCH,
    SUCCEEDED,
    ROLLED_BACK,
    SUPERSEDED,
    QUEUED,
    ABORTED,
    BLOCKED,
)

MOVES: dict[str, Callable[[State], State]] = {
    "start": lambda s: state.start(s, 50.0),
    "begin": lambda s: state.begin(PLAN, s, 50.0),
    "advance": lambda s: state.advance(PLAN, s, 50.0),
    "pause": lambda s: state.pause(s, 50.0),
    "resume": lambda s: state.resume(PLAN, s, 50.0),
    "step back": lambda s: state.step_back(PLAN, s, 50.0),
    "roll back": lambda s: state.roll_back(s, 50.0),
    "supersede": lambda s: state.supersede(s, 50.0),
    "queue": lambda s: state.queue(s, 50.0),
    "approve": lambda s: state.approve(PLAN, s, 2, 50.0),
    "increase": lambda s: state.increase(PLAN, s, 60.0, 50.0),
    "complete": lambda s: state.complete(PLAN, s, 50.0),
    "take back": lambda s: state.take_back(s, 50.0),
    "block": lambda s: state.block(s, 50.0),
    "abort": lambda s: state.abort(s, 50.0),
    "reset": state.reset,
}

GOING = (
    PENDING,
    STARTING,
    BAKING,
    LAST,
    WATCHING,
    PAUSED,
    PAUSED_WATCH,
    QUEUED,
    BLOCKED,
)
"""Those that haven't ended."""

ALLOWED: dict[tuple[str, State], State] = {
    ("start", PENDING): State(Phase.STARTING, since=50.0),
    ("begin", STARTING): State(Phase.BAKING, 0, 50.0, 150.0),
    ("advance", BAKING): State(Phase.BAKING, 2, 50.0, 150.0, raised=(Step(1),)),
    ("advance", LAST): State(Phase.WATCHING, 2, 50.0, 190.0),
    ("advance", WATCHING): State(Phase.SUCCEEDED, 2, 50.0),
    ("advance", PAUSED): State(Phase.BAKING, 2, 50.0, 150.0, resumed_at=50.0, raised=(Step(1),)),
    ("advance", PAUSED_WATCH): State(Phase.SUCCEEDED, 2, 50.0),
    ("pause", BAKING): State(Phase.PAUSED, 1, 10.0, None, Phase.BAKING, 50.0, None, Paused.PERSON),
    ("pause", LAST): State(Phase.PAUSED, 2, 10.0, None, Phase.BAKING, 50.0, None, Paused.PERSON),
    ("pause", WATCHING): State(
        Phase.PAUSED, 2, 10.0, None, Phase.WATCHING, 50.0, None, Paused.PERSON
    ),
    ("resume", PAUSED): State(Phase.BAKING, 1, 40.0, 150.0, resumed_at=50.0),
    ("resume", PAUSED_WATCH): State(Phase.WATCHING, 2, 40.0, 190.0, resumed_at=50.0),
    ("step back", BAKING): State(
        Phase.PAUSED, 0, 50.0, None, Phase.BAKING, 50.0, None, Paused.JUDGE
    ),
    ("step back", LAST): State(Phase.PAUSED, 1, 50.0, None, Phase.BAKING, 50.0, None, Paused.JUDGE),
    ("step back", WATCHING): State(
        Phase.PAUSED, 1, 50.0, None, Phase.BAKING, 50.0, None, Paused.JUDGE
    ),
    ("step back", PAUSED): State(
        Phase.PAUSED, 0, 50.0, None, Phase.BAKING, 50.0, None, Paused.JUDGE
    ),
    ("step back", PAUSED_WATCH): State(
        Phase.PAUSED, 1, 50.0, None, Phase.BAKING, 50.0, None, Paused.JUDGE
    ),
    **{("roll back", each): State(Phase.ROLLED_BACK, each.stage, 50.0) for each in GOING},
    **{("abort", each): State(Phase.ABORTED, each.stage, 50.0) for each in GOING},
    **{("reset", each): PENDING for each in GOING},
    **{("approve", each): replace(each, approved=2) for each in GOING},
    **{
        ("block", each): replace(
            each, phase=Phase.BLOCKED, deadline=None, paused_from=each.phase, paused_at=50.0
        )
        for each in (BAKING, LAST, WATCHING)
    },
    **{("block", each): replace(each, phase=Phase.BLOCKED) for each in (PAUSED, PAUSED_WATCH)},
    ("resume", BLOCKED): State(Phase.BAKING, 1, 40.0, 150.0, resumed_at=50.0),
    ("start", QUEUED): State(Phase.STARTING, since=50.0),
    ("queue", PENDING): State(Phase.QUEUED, since=50.0),
    ("supersede", QUEUED): State(Phase.SUPERSEDED, 0, 50.0),
    ("take back", SUCCEEDED): State(Phase.ROLLED_BACK, 2, 50.0),
    **{
        ("increase", each): State(
            Phase.BAKING,
            1,
            50.0,
            150.0,
            resumed_at=50.0,
            percentage=60.0,
            raised=(Step(1),),
        )
        for each in (BAKING, PAUSED)
    },
    **{
        ("complete", each): State(Phase.SUCCEEDED, 2, 50.0)
        for each in (LAST, WATCHING, PAUSED_WATCH)
    },
    ("supersede", PENDING): State(Phase.SUPERSEDED, 0, 50.0),
    ("supersede", STARTING): State(Phase.SUPERSEDED, 0, 50.0),
}


@pytest.mark.parametrize("verb", MOVES)
@pytest.mark.parametrize("before", EVERY, ids=lambda s: f"{s.phase}-{s.stage}-{s.paused_from}")
def test_every_move_from_every_state(verb: str, before: State) -> None:
    expected = ALLOWED.get((verb, before))
    if expected is None:
        with pytest.raises(FailedPrecondition):
            MOVES[verb](before)
    else:
        assert MOVES[verb](before) == expected


def test_a_step_back_from_the_first_stage_is_a_rollback() -> None:
    first = State(Phase.BAKING, 0, 10.0, 110.0)
    assert state.step_back(PLAN, first, 50.0).phase is Phase.ROLLED_BACK


def test_only_a_person_advances_a_manual_plan_so_it_never_waits_too_long() -> None:
    assert state.begin(BY_HAND, STARTING, 50.0).deadline is None


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        pytest.param(PENDING, 0, id="pending"),
        pytest.param(STARTING, 0, id="starting"),
        pytest.param(BAKING, 50, id="baking"),
        pytest.param(PAUSED, 50, id="paused keeps its split"),
        pytest.param(WATCHING, 95, id="watching leaves the holdback"),
        pytest.param(ROLLED_BACK, 0, id="rolled back"),
        pytest.param(SUCCEEDED, 100, id="succeeded"),
    ],
)
def test_percentage(where: State, expected: float) -> None:
    assert state.percentage(PLAN, where) == expected


@pytest.mark.parametrize("each", EVERY, ids=lambda s: f"{s.phase}-{s.stage}-{s.paused_from}")
def test_survives_the_store(each: State) -> None:
    assert State.from_document(each.to_document()) == each


def test_when_a_person_let_it_go_on_is_known_in_later_stages() -> None:
    resumed = state.resume(PLAN, PAUSED, 50.0)
    later = state.advance(PLAN, state.advance(PLAN, resumed, 60.0), 70.0)
    assert (later.phase, later.resumed_at) == (Phase.WATCHING, 50.0)
    assert state.step_back(PLAN, later, 80.0).resumed_at is None


def test_a_clock_that_went_back_does_not_bake_backwards() -> None:
    assert state.resume(PLAN, PAUSED, 15.0).since == 10.0


def test_an_approval_lets_a_rollout_go_on_that_waits_for_it() -> None:
    waiting = replace(PAUSED, paused_for=Paused.APPROVAL)
    approved = state.approve(PLAN, waiting, 2, 50.0)
    assert (approved.phase, approved.approved, approved.resumed_at) == (Phase.BAKING, 2, 50.0)
    later = state.advance(PLAN, approved, 60.0)
    assert (later.stage, later.approved) == (2, 2)
    assert state.approve(PLAN, later, 1, 70.0) == later, "what was approved stays approved"


def test_an_approval_of_what_has_begun_resumes_nothing() -> None:
    waiting = replace(PAUSED, paused_for=Paused.APPROVAL)
    assert state.approve(PLAN, waiting, 1, 50.0).phase is Phase.PAUSED


@pytest.mark.parametrize(
    ("share", "stage", "asked"),
    [
        pytest.param(10.01, 0, 10.01, id="within the first stage"),
        pytest.param(50.0, 1, None, id="exactly the next stage"),
        pytest.param(94.99, 1, 94.99, id="nearly all"),
        pytest.param(95.0, 2, None, id="all but the holdback is the last stage"),
    ],
)
def test_an_increase_enters_the_last_stage_that_asks_for_no_more(
    share: float, stage: int, asked: float | None
) -> None:
    after = state.increase(PLAN, State(Phase.BAKING, 0, 10.0, 110.0), share, 50.0)
    assert (after.stage, after.percentage) == (stage, asked)
    assert state.percentage(PLAN, after) == share
    assert after.since == 50.0, "it bakes anew"


@pytest.mark.parametrize("share", [0.0, 50.0, 95.01, 100.0])
def test_an_increase_moves_nobody_out_and_leaves_the_holdback(share: float) -> None:
    with pytest.raises(FailedPrecondition):
        state.increase(PLAN, BAKING, share, 50.0)


def test_after_an_increase_the_plan_goes_on_above_it() -> None:
    raised = state.increase(PLAN, BAKING, 60.0, 50.0)
    after = state.advance(PLAN, raised, 60.0)
    assert (after.stage, state.percentage(PLAN, after)) == (2, 95.0)


def test_a_step_back_from_an_increase_in_the_first_stage_is_that_stage() -> None:
    raised = state.increase(PLAN, State(Phase.BAKING, 0, 10.0, 110.0), 30.0, 50.0)
    back = state.step_back(PLAN, raised, 60.0)
    assert (back.phase, state.percentage(PLAN, back)) == (Phase.PAUSED, 10.0)


@given(st.lists(st.one_of(st.none(), st.floats(10.5, 95.0)), max_size=8))
def test_steps_back_lead_through_the_splits_that_users_had(raises: list[float | None]) -> None:
    """None: a promotion; else an increase to that share, where it is one."""
    where = State(Phase.BAKING, 0, 10.0, 110.0)
    had = [state.percentage(PLAN, where)]
    for now, share in enumerate(raises, 20):
        if where.phase is not Phase.BAKING or (share is not None and share <= had[-1]):
            continue
        where = (
            state.advance(PLAN, where, now)
            if share is None
            else state.increase(PLAN, where, share, now)
        )
        if where.phase is Phase.BAKING:
            had.append(state.percentage(PLAN, where))
    assert State.from_document(where.to_document()) == where
    while len(had) > 1:
        had.pop()
        where = state.step_back(PLAN, where, 90.0)
        assert (where.phase, state.percentage(PLAN, where)) == (Phase.PAUSED, had[-1])
        assert PLAN.percentage(where.stage) <= had[-1]
    assert state.step_back(PLAN, where, 90.0).phase is Phase.ROLLED_BACK


def test_a_stage_for_an_audience_is_not_increased() -> None:
    for_beta = replace(PLAN, stages=(replace(PLAN.stages[0], audience="beta"), *PLAN.stages[1:]))
    with pytest.raises(FailedPrecondition, match="audience"):
        state.increase(for_beta, State(Phase.BAKING, 0, 10.0, 110.0), 30.0, 50.0)


@pytest.mark.parametrize("why", [Paused.PERSON, Paused.JUDGE])
def test_a_block_does_not_forget_a_pause(why: Paused) -> None:
    paused = state.pause(WATCHING, 50.0, why)
    assert state.resume(PLAN, state.block(paused, 60.0), 70.0) == paused


def test_not_completed_before_its_last_stage() -> None:
    with pytest.raises(FailedPrecondition, match="stage 2 of 3"):
        state.complete(PLAN, BAKING, 50.0)


def test_what_an_older_bundle_kept_is_read() -> None:
    older = BAKING.to_document()
    for name in ("paused_for", "approved", "percentage", "raised"):
        del older[name]
    assert State.from_document(older) == BAKING
