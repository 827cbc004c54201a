"""What people defined, read by a bundle that doesn't understand all of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.alerts.defined import Defined, defined
from functions.alerts.in_force import ENABLED, definition_of, every
from functions.alerts.rule import NOTIFY, Rule
from functions.alerts.thresholds import BUILT_IN, BY_ID

OWN = Rule("own", "P2", "error_rate", 0.03, 60, 0, 120, 20, (NOTIFY,))
RULE = definition_of(OWN)
SILENCE = {"until": 2e9, "rule": "own", "made_at": 1.0, "why": "works"}
SCORE = {"target_ms": 500, "error_weight": 3.0}
OBJECTIVE = {"service": "stories", "kind": "availability", "target": 0.99, "days": 30}
TEST = {"rule": "own", "service": "s", "started_at": 0.0, "breach": 1.0, "ends_at": 2.0}
WHOLE = {
    "rules": RULE,
    "silences": SILENCE,
    "scores": SCORE,
    "objectives": OBJECTIVE,
    "tests": TEST,
}


def read(defined_: Defined) -> dict[str, list[str]]:
    """The ids that hold, by part."""
    return {
        "rules": [rule.id for rule in defined_.rules if rule.id not in BY_ID],
        "silences": [each.id for each in defined_.silences],
        "scores": list(defined_.scores),
        "objectives": [each.id for each in defined_.objectives],
        "tests": [each.id for each in defined_.tests],
    }


DAMAGED: list[tuple[str, Any]] = [
    ("rules", {**RULE, "metric": "gpu"}),
    ("rules", {**RULE, "kind": "forecast"}),
    ("rules", {**RULE, "comparison": "~"}),
    ("rules", {**RULE, "severity": "P0"}),
    ("rules", {**RULE, "threshold": "much"}),
    ("rules", {**RULE, "for_seconds": None}),
    ("rules", {**RULE, "window_seconds": 0}),
    ("rules", {**RULE, "actions": ["explode"]}),
    ("rules", {**RULE, "title": 3}),
    ("rules", {key: each for key, each in RULE.items() if key != "actions"}),
    ("rules", None),
    ("silences", {"rule": "own"}),
    ("silences", {**SILENCE, "until": "tomorrow"}),
    ("silences", {**SILENCE, "version": 3}),
    ("scores", {**SCORE, "target_ms": 700}),
    ("scores", {}),
    ("objectives", {**OBJECTIVE, "kind": "freshness"}),
    ("objectives", {**OBJECTIVE, "target": None}),
    ("objectives", []),
    ("tests", {"rule": "own"}),
    ("tests", {**TEST, "ends_at": "later"}),
]


@pytest.mark.parametrize(("part", "damaged"), DAMAGED)
def test_a_definition_that_cannot_be_read_takes_no_other_with_it(
    part: str, damaged: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = {name: {"a": each} for name, each in WHOLE.items()}
    parts[part] = {"0bad": damaged, **parts[part]}
    found = defined(parts)
    assert read(found) == {name: ["a"] for name in WHOLE}
    assert found.unreadable == {part: ("0bad",)}
    captured = capsys.readouterr()
    lines = [json.loads(line) for line in (captured.out + captured.err).splitlines()]
    told = [(each["severity"], each["message"], each["part"], each["id"]) for each in lines]
    assert told == [("ERROR", "definition_unreadable", part, "0bad")]


@pytest.mark.parametrize("part", WHOLE)
def test_what_a_later_bundle_says_beside_it_is_ignored(part: str) -> None:
    found = defined({part: {"a": {**WHOLE[part], "colour": "red"}}})
    assert read(found)[part] == ["a"]
    assert not found.unreadable


def test_a_delivered_rule_holds_as_delivered_when_its_changes_cannot_be_read() -> None:
    changed = {**definition_of(BY_ID["p1-error-rate"], enabled=False), "metric": "gpu"}
    assert ENABLED in changed
    assert BY_ID["p1-error-rate"] in defined({"rules": {"p1-error-rate": changed}}).rules
    assert every({"p1-error-rate": changed}) == list(BUILT_IN)
