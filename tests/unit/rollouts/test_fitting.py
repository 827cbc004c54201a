"""What of a plan is left out where it can't be measured, and what is refused there."""

from dataclasses import replace

import pytest

from functions.rollouts import own
from functions.rollouts.check import Check
from functions.rollouts.criterion import Criterion
from functions.rollouts.fitting import (
    SLOWER,
    UNREPORTED,
    LeftOut,
    Surroundings,
    fitted,
    left_out,
    misfits,
)
from functions.rollouts.plan import Criteria, Plan, Stage
from tests.unit.rollouts.test_criterion import KNOWN

AROUND = Surroundings("stories", KNOWN, target_ms=200, audiences=("beta",))
OPTIONAL = Criteria(
    measures=(
        Criterion("rating", at_least=4, optional=True),
        Criterion("roi", at_least=1, optional=True),
    )
)
PLAN = Plan(
    "p",
    (Stage(5, 60, 600, audience="beta", criteria=OPTIONAL), Stage(100, 60, 600)),
    criteria=OPTIONAL,
    checks=(
        Check("rating", below=2, optional=True),
        Check("precision", below=0.94, optional=True),
        Check("p95_ms", above=200, optional=True),
        Check("availability", below=0.99, optional=True),
    ),
)


def names(plan: Plan) -> list[str]:
    return [each.metric for each in plan.checks]


def test_what_is_optional_and_not_reported_is_left_out() -> None:
    plan = fitted(PLAN, AROUND)
    assert names(plan) == ["rating", "p95_ms", "availability"]
    assert [each.name for each in plan.criteria.measures] == ["rating"]
    assert plan.stages[0].criteria == plan.criteria
    assert left_out(PLAN, plan, "stories") == (
        LeftOut("roi", UNREPORTED),
        LeftOut("precision", UNREPORTED),
    )
    assert misfits(plan, AROUND) == []


def test_a_bound_that_the_service_itself_is_slower_than_is_left_out() -> None:
    plan = fitted(PLAN, replace(AROUND, target_ms=5_000))
    assert "p95_ms" not in names(plan)
    assert left_out(PLAN, plan, "stories")[-1] == LeftOut("p95_ms", SLOWER)


def test_of_no_service_nothing_is_measured() -> None:
    plan = fitted(PLAN, Surroundings(""))
    assert names(plan) == []
    assert {each.why for each in left_out(PLAN, plan, "")} == {UNREPORTED}


def test_what_fits_is_left_as_it_is() -> None:
    plan = fitted(PLAN, AROUND)
    assert fitted(plan, AROUND) == plan
    assert left_out(plan, plan, "stories") == ()


def test_which_way_is_better_is_kept_with_the_plan() -> None:
    plan = replace(PLAN, criteria=Criteria(measures=(Criterion("cost", worse_by=0.1),)))
    [criterion] = fitted(plan, AROUND).criteria.measures
    assert criterion.better == "lower"


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        pytest.param(
            replace(PLAN, stages=(Stage(5, 60, 600, audience="gone"), Stage(100, 60, 600))),
            "no segment 'gone'",
            id="an audience that isn't there",
        ),
        pytest.param(
            replace(PLAN, criteria=Criteria(measures=(Criterion("roi", at_least=1),))),
            "no measure `roi`",
            id="a demand that is never met",
        ),
        pytest.param(
            replace(PLAN, criteria=Criteria(measures=(Criterion("p95_ms", at_most=100),))),
            "no measure `p95_ms`",
            id="a percentile has no mean",
        ),
        pytest.param(
            replace(PLAN, checks=(Check("roi", below=1),)), "Nothing measures `roi`", id="a check"
        ),
        pytest.param(
            replace(PLAN, checks=(Check("health", below=0.5),)),
            "Nothing measures `health`",
            id="health that nobody asks for",
        ),
        pytest.param(
            replace(PLAN, checks=(Check("rating", above=1),)), "More of `rating`", id="wrong side"
        ),
    ],
)
def test_refuses_what_can_not_work_there(plan: Plan, says: str) -> None:
    [problem] = misfits(fitted(plan, AROUND), AROUND)
    assert says in problem


def test_health_is_measured_where_it_is_asked_for() -> None:
    plan = replace(PLAN, checks=(Check("health", below=0.5),))
    assert misfits(fitted(plan, replace(AROUND, probed=True)), replace(AROUND, probed=True)) == []


def test_what_palier_measures_may_be_demanded_but_for_percentiles_and_health() -> None:
    assert set(AROUND.demandable) >= own.DEMANDABLE
    assert not {own.P95, own.HEALTH} & set(replace(AROUND, probed=True).demandable)
