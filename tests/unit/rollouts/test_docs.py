"""What docs/how-to/roll-out.md says is so."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from functions.rollouts import (
    alarmed,
    checking,
    criteria,
    french,
    harm,
    health,
    latency,
    limits,
    sample_ratio,
    suspicion,
)
from functions.rollouts.bodies import CreateBody
from functions.rollouts.criterion import Criterion
from functions.rollouts.judge import ERROR
from functions.rollouts.plan import Criteria, Limits, Plan, Stage
from functions.rollouts.state import Paused, Phase
from functions.rollouts.templates import TEMPLATES
from functions.rollouts.traffic import gate
from functions.rollouts.validation import validate

PAGE = (Path(__file__).parents[3] / "docs/how-to/roll-out.md").read_text()


def test_the_example_is_a_request() -> None:
    [example] = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    plan = CreateBody.model_validate(json.loads(example)).wanted()
    assert validate(plan).stages[0].max_wait_seconds == 3 * 7200 + 60


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_is_named(name: str) -> None:
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize(
    "field",
    [
        *(f"stages[].{each.name}" for each in fields(Stage)),
        *(f"criteria.{each.name}" for each in fields(Criteria) if each.name != "measures"),
        *(f"criteria.measures[].{each.name}" for each in fields(Criterion)),
        *(f"limits.{each.name}" for each in fields(Limits)),
        *(
            each.name
            for each in fields(Plan)
            if each.name not in ("name", "stages", "criteria", "limits")
        ),
    ],
)
def test_every_field_of_a_plan_is_explained(field: str) -> None:
    assert f"`{field}`" in PAGE


def test_every_rule_is_explained() -> None:
    rooms = (alarmed, checking, criteria, harm, health, latency, limits, sample_ratio, suspicion)
    source = "".join(Path(str(each.__file__)).read_text() for each in rooms)
    rules = set(re.findall(r'Kind\.\w+,\s+"([a-z_ ]+)"', source)) | set(french.WAITING)
    named = {harm.INTERNAL, checking.RULE, checking.COMPARED, health.RULE, latency.RULE}
    named |= {sample_ratio.RULE, gate.RULE, ERROR, "error_rate", "slow_rate", "memory"}
    assert {"critical", "evidence", "disaster", "upstream", "alarm"} <= rules
    for rule in rules | named:
        assert f"`{rule}`" in PAGE, rule


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_is_explained(phase: Phase) -> None:
    assert f"`{phase}`" in PAGE


@pytest.mark.parametrize("why", Paused)
def test_every_pause_is_explained(why: Paused) -> None:
    assert f"`{why}`" in PAGE
