from collections.abc import Callable
from dataclasses import replace

import pytest

from functions.errors import FailedPrecondition
from functions.rollouts import state
from functions.rollouts.plan import Plan, Stage
from functions.rollouts.state import Phase, State

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
}

ALLOWED: dict[tuple[str, State], State] = {
    ("start", PENDING): State(Phase.STARTING, since=50.0),
    ("begin", STARTING): State(Phase.BAKING, 0, 50.0, 150.0),
    ("advance", BAKING): State(Phase.BAKING, 2, 50.0, 150.0),
    ("advance", LAST): State(Phase.WATCHING, 2, 50.0, 190.0),
    ("advance", WATCHING): State(Phase.SUCCEEDED, 2, 50.0),
    ("advance", PAUSED): State(Phase.BAKING, 2, 50.0, 150.0, resumed_at=50.0),
    ("advance", PAUSED_WATCH): State(Phase.SUCCEEDED, 2, 50.0),
    ("pause", BAKING): State(Phase.PAUSED, 1, 10.0, None, Phase.BAKING, 50.0),
    ("pause", LAST): State(Phase.PAUSED, 2, 10.0, None, Phase.BAKING, 50.0),
    ("pause", WATCHING): State(Phase.PAUSED, 2, 10.0, None, Phase.WATCHING, 50.0),
    ("resume", PAUSED): State(Phase.BAKING, 1, 40.0, 150.0, resumed_at=50.0),
    ("resume", PAUSED_WATCH): State(Phase.WATCHING, 2, 40.0, 190.0, resumed_at=50.0),
    ("step back", BAKING): State(Phase.PAUSED, 0, 50.0, None, Phase.BAKING, 50.0),
    ("step back", LAST): State(Phase.PAUSED, 1, 50.0, None, Phase.BAKING, 50.0),
    ("step back", WATCHING): State(Phase.PAUSED, 1, 50.0, None, Phase.BAKING, 50.0),
    ("step back", PAUSED): State(Phase.PAUSED, 0, 50.0, None, Phase.BAKING, 50.0),
    ("step back", PAUSED_WATCH): State(Phase.PAUSED, 1, 50.0, None, Phase.BAKING, 50.0),
    **{
        ("roll back", each): State(Phase.ROLLED_BACK, each.stage, 50.0)
        for each in (PENDING, STARTING, BAKING, LAST, WATCHING, PAUSED, PAUSED_WATCH)
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
