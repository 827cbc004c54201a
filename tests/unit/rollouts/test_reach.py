"""Who gets the candidate as a rollout goes through its stages."""

from __future__ import annotations

import itertools
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from functions.flags.split import Audience
from functions.rollouts.plan import Plan, Stage
from functions.rollouts.reach import Reach, reach
from functions.rollouts.state import Phase, State

PLAN = Plan(
    "audiences",
    (
        Stage(50, 1, 10, audience="beta"),
        Stage(10, 1, 10),
        Stage(60, 1, 10),
        Stage(100, 1, 10),
    ),
)


def at(stage: int, plan: Plan = PLAN) -> Reach:
    return reach(plan, State(Phase.BAKING, stage))


def test_an_audience_keeps_its_share_until_everybody_has_as_much() -> None:
    beta = (Audience("beta", 50.0),)
    assert at(0) == Reach(0.0, beta)
    assert at(1) == Reach(10.0, beta)
    assert at(2) == Reach(60.0)
    assert [at(stage).by_chance for stage in range(4)] == [False, False, True, True]


def test_nobody_before_it_began_and_after_it_ended() -> None:
    for phase in (Phase.PENDING, Phase.STARTING, Phase.ROLLED_BACK, Phase.SUCCEEDED):
        assert reach(PLAN, State(phase, 2)) == Reach()


def test_a_share_by_hand_counts_for_everybody() -> None:
    assert reach(PLAN, State(Phase.BAKING, 1, percentage=30.0)).everybody == 30.0


@given(
    stages=st.lists(
        st.tuples(st.sampled_from(["", "a", "b"]), st.integers(1, 100)), min_size=1, max_size=6
    )
)
def test_no_stage_moves_anybody_out(stages: list[tuple[str, int]]) -> None:
    plan = replace(
        PLAN, stages=tuple(Stage(share, 1, 10, audience=audience) for audience, share in stages)
    )
    course = [at(number, plan) for number in range(len(stages))]
    for before, after in itertools.pairwise(course):
        assert before.within(after)


def test_fewer_members_are_not_within() -> None:
    assert not Reach(10, (Audience("a", 50),)).within(Reach(10, (Audience("a", 40),)))
    assert not Reach(10, (Audience("a", 50),)).within(Reach(40))
    assert Reach(10, (Audience("a", 50),)).within(Reach(50))
