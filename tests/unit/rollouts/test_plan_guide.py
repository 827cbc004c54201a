"""What docs/how-to/plan-a-rollout.md says is so."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from functions.metrics.ladder import LADDER_MS
from functions.rollouts.check import Check
from functions.rollouts.durations import duration
from functions.rollouts.fitting import Surroundings, fitted, misfits
from functions.rollouts.opening import Opening
from functions.rollouts.own import OWN
from functions.rollouts.plan import Plan, Type
from functions.rollouts.plan_bodies import PlanBody
from functions.rollouts.preview import preview
from functions.rollouts.templates import TEMPLATES
from functions.rollouts.validation import validate

PAGE = (Path(__file__).parents[3] / "docs/how-to/plan-a-rollout.md").read_text()


@pytest.mark.parametrize("plan", TEMPLATES.values(), ids=TEMPLATES.keys())
def test_every_template_stands_there_with_its_values(plan: Plan) -> None:
    templates = PAGE.partition("## Templates")[2].partition("\n## ")[0]
    [row] = re.findall(rf"^\| `{plan.name}` .*$", templates, re.MULTILINE)
    _, _, stages, watch, rest, _ = row.split("|")
    told = [
        f"{stage.percentage:g} %" + (f" {_time(stage.bake_seconds)}" if stage.bake_seconds else "")
        for stage in plan.stages
    ]
    assert stages.strip() == ", ".join(told)
    assert watch.strip() == duration(plan.watch_seconds)
    for name in (*(each.metric for each in plan.checks), *_demanded(plan)):
        assert f"`{name}`" in rest


def _time(seconds: float) -> str:
    return f"{seconds / 3600:g} h" if seconds >= 3600 else f"{seconds / 60:g} min"


def _demanded(plan: Plan) -> list[str]:
    return [each.name for each in plan.criteria.measures]


@pytest.mark.parametrize("kind", Type)
def test_every_type_is_explained(kind: Type) -> None:
    assert re.search(rf"^\| `{kind}` \| [a-z]", PAGE, re.MULTILINE)


@pytest.mark.parametrize(
    "field",
    [
        *(f"checks[].{each.name}" for each in fields(Check)),
        *(f"openings[].{each.name}" for each in fields(Opening)),
        *OWN,
    ],
)
def test_every_field_is_explained(field: str) -> None:
    assert f"`{field}`" in PAGE


def test_the_rungs_are_those_there_are() -> None:
    rungs = ", ".join(map(str, LADDER_MS[:-1])) + f" and {LADDER_MS[-1]}"
    assert rungs in PAGE


def test_the_example_is_a_plan() -> None:
    [example] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    plan = validate(PlanBody.model_validate(json.loads(example)).plan())
    known = Surroundings("stories", audiences=("beta",))
    assert all(
        "`precision`" in each or "`roi`" in each for each in misfits(fitted(plan, known), known)
    )


def test_the_preview_is_that_of_the_template() -> None:
    [text] = re.findall(r"```text\n(.*?)…", PAGE, re.DOTALL)
    assert tuple(text.strip().splitlines()) == preview(TEMPLATES["canary"])[:4]
