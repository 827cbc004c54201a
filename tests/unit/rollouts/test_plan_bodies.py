"""What a request says of a plan, and what it means where it says nothing."""

from typing import Any

import pytest
from pydantic import ValidationError

from functions.errors import InvalidArgument
from functions.rollouts.opening import PARIS
from functions.rollouts.plan import Plan, Stage, Type, Without
from functions.rollouts.plan_bodies import PlanBody, PreviewBody, named_or_given
from functions.rollouts.templates import TEMPLATES

STAGES = [{"percentage": 100, "bake_seconds": 60}]


def plan(**fields: Any) -> Plan:
    return PlanBody.model_validate({"stages": STAGES, **fields}).plan()


def test_what_is_not_said_is_as_usual() -> None:
    assert plan() == Plan("custom", (Stage(100, 60, 240),))


@pytest.mark.parametrize(
    ("fields", "automatic", "holdback"),
    [
        ({}, True, 5),
        ({"automatic": False}, False, 5),
        ({"type": "manual"}, False, 5),
        ({"type": "manual", "automatic": True}, True, 5),
        ({"type": "blue-green"}, True, 0),
        ({"type": "blue-green", "holdback": 5}, True, 5),
    ],
    ids=repr,
)
def test_a_type_brings_what_it_means(
    fields: dict[str, Any], automatic: bool, holdback: float
) -> None:
    made = plan(**fields)
    assert (made.automatic, made.holdback) == (automatic, holdback)


def test_all_of_a_plan_can_be_said() -> None:
    stage = {
        "percentage": 5,
        "bake_seconds": 1,
        "audience": "beta",
        "approval": True,
        "criteria": {"requests": 7, "measures": [{"name": "cost", "worse_by": 0.1}]},
        "limits": {"strikes": 2},
    }
    made = plan(
        stages=[stage, *STAGES],
        type="hotfix",
        checks=[{"metric": "roi", "fall": 0.2, "seconds": 300}],
        critical=["TIMEOUT"],
        openings=[{"days": [0, 1], "begins": 600, "ends": 660}],
        open_for="raises",
        on_no_data="roll_back",
    )
    first = made.stages[0]
    assert (first.audience, first.approval, made.type) == ("beta", True, Type.HOTFIX)
    assert made.criteria_at(0).measures[0].worse_by == 0.1
    assert (made.limits_at(0).strikes, made.limits_at(1).strikes) == (2, 3)
    assert (made.checks[0].fall, made.critical, made.openings[0].zone) == (0.2, ("TIMEOUT",), PARIS)
    assert (made.on_no_data, made.on_inconclusive) == (Without.ROLL_BACK, Without.PAUSE)
    assert Plan.from_document(made.to_document()) == made


@pytest.mark.parametrize(
    "fields",
    [
        {"checks": [{"metric": "roi", "below": float("inf")}]},
        {"openings": [{"days": [7], "begins": 0, "ends": 60}]},
        {"openings": [{"days": [], "begins": 0, "ends": 60}]},
        {"openings": [{"days": [1], "begins": 0, "ends": 1441}]},
        {"type": "rolling"},
        {"on_no_data": "advance"},
        {"critical": ["X"] * 21},
        {"surprise": 1},
    ],
    ids=repr,
)
def test_refuses_what_is_none(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        plan(**fields)


def test_a_template_by_its_name() -> None:
    assert named_or_given("canary") is TEMPLATES["canary"]
    with pytest.raises(InvalidArgument, match="gradual"):
        named_or_given("slow")


@pytest.mark.parametrize(
    ("fields", "service"),
    [
        ({"flag": "stories.version"}, "stories"),
        ({"flag": "colour"}, ""),
        ({"flag": "colour", "service": "shop"}, "shop"),
    ],
    ids=repr,
)
def test_the_service_is_named_or_told_by_the_flag(fields: dict[str, Any], service: str) -> None:
    assert PreviewBody.model_validate({"plan": "canary", **fields}).of_service() == service
