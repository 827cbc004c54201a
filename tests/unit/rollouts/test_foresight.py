"""When a plan can end at the earliest, and how soon it would see what."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from functions.rollouts.durations import DAY, HOUR
from functions.rollouts.foresight import LOOK_SECONDS, Traffic, earliest, starving, what_if
from functions.rollouts.opening import Opening
from functions.rollouts.plan import RAISES, Plan, Stage

PLAN = Plan(
    "p",
    (Stage(10, HOUR, 3 * HOUR), Stage(50, HOUR, 3 * HOUR), Stage(100, HOUR, 3 * HOUR)),
    watch_seconds=DAY,
)
NIGHT = datetime(2026, 11, 23, 2, tzinfo=UTC).timestamp()
MORNINGS = (Opening((0, 1), 8 * 60, 8 * 60 + 90, "UTC"),)


@pytest.mark.parametrize(
    ("plan", "hours"),
    [
        pytest.param(PLAN, 27, id="its bakes and its watch"),
        pytest.param(replace(PLAN, openings=MORNINGS), 6 + 27, id="once it opens"),
        pytest.param(
            replace(PLAN, openings=MORNINGS, open_for=RAISES),
            6 + 24 + 1 + 24,
            id="two raises on the first morning, the last on the second",
        ),
    ],
)
def test_earliest(plan: Plan, hours: float) -> None:
    assert earliest(plan, NIGHT) == pytest.approx(NIGHT + hours * HOUR)


def test_a_stage_lasts_until_its_requests_have_come() -> None:
    slow = Traffic(0.1)
    assert earliest(PLAN, 0.0, slow) == pytest.approx(100 / 0.01 + 2 * HOUR + DAY)
    assert starving(PLAN, slow) == []
    assert starving(PLAN, Traffic(0.01)) == [0, 1]
    assert starving(PLAN, Traffic(0.0)) == [0, 1, 2]
    assert earliest(PLAN, 0.0, Traffic(0.01)) is None


def test_what_is_seen_how_soon() -> None:
    rows = what_if(PLAN, Traffic(10, 0.005))
    assert [(row.stage, row.control, row.candidate) for row in rows[:3]] == [
        (0, 0.01, 0.02),
        (0, 0.01, 0.05),
        (0, 0.005, 1.0),
    ]
    assert len(rows) == 9
    for stage in range(3):
        little, much, all_of_it = [row.seconds for row in rows if row.stage == stage]
        assert little is not None
        assert much is not None
        assert all_of_it is not None
        assert little > much > all_of_it >= LOOK_SECONDS


def test_a_later_stage_takes_more_when_the_first_went_well() -> None:
    alone = replace(PLAN, stages=(Stage(50, HOUR, 3 * HOUR), PLAN.stages[2]))
    first = what_if(alone, Traffic(10, 0.01))[0]
    later = what_if(PLAN, Traffic(10, 0.01))[3]
    assert (first.percentage, later.percentage) == (50, 50)
    assert first.seconds is not None
    assert later.seconds is not None
    assert first.seconds < later.seconds < 2 * first.seconds


def test_an_audience_is_not_compared() -> None:
    beta = replace(PLAN, stages=(Stage(10, HOUR, 3 * HOUR, audience="beta"), *PLAN.stages[1:]))
    assert {row.seconds for row in what_if(beta, Traffic(10, 0.01)) if row.stage == 0} == {None}


def test_without_a_holdback_it_is_seen_against_what_was_before() -> None:
    plan = replace(PLAN, stages=(Stage(100, HOUR, 3 * HOUR),), holdback=0.0)
    some, many, total = what_if(plan, Traffic(10, 0.0))
    assert some.seconds is not None
    assert many.seconds is not None
    assert some.seconds > many.seconds
    assert total.seconds == LOOK_SECONDS
