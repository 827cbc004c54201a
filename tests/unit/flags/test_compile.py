"""The evaluator's own promises; what rules mean is held against flagd-core beside."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from functions.flags.compile import DocumentError, compile_flags

ON_OFF = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off"}


def document(**flags: Any) -> dict[str, Any]:
    return {"flags": flags}


def test_an_unknown_flag() -> None:
    found = compile_flags(document(a=ON_OFF)).evaluate("b", {})
    assert (found.value, found.reason, found.error_code) == (None, "ERROR", "FLAG_NOT_FOUND")


def test_an_evaluation_is_frozen() -> None:
    found = compile_flags(document(a=ON_OFF)).evaluate("a", {})
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.value = True  # type: ignore[misc]


def test_text_serves_as_well() -> None:
    assert compile_flags(json.dumps(document(a=ON_OFF))).evaluate("a").value is False


@pytest.mark.parametrize("wrong", [[], {"flags": []}, {"flags": {}, "$evaluators": 1}, "[]"])
def test_what_is_no_set_of_flags(wrong: Any) -> None:
    with pytest.raises(DocumentError):
        compile_flags(wrong)


BROKEN: list[tuple[str, Any]] = [
    ("no object", None),
    ("no state", {"variants": {"on": True}}),
    ("no variants", {"state": "ENABLED", "variants": {}}),
    ("default", {**ON_OFF, "defaultVariant": 3}),
    ("targeting", {**ON_OFF, "targeting": ["x"]}),
    ("metadata", {**ON_OFF, "metadata": {"a": None}}),
    ("operator", {**ON_OFF, "targeting": {"nonsense": []}}),
    ("reference", {**ON_OFF, "targeting": {"if": [{"$ref": "nobody"}, "on"]}}),
    ("circle", {**ON_OFF, "targeting": {"if": [{"$ref": "self"}, "on"]}}),
    ("unfolds", {**ON_OFF, "targeting": {"if": [{"$ref": "e20"}, "on"]}}),
]
EVALUATORS: dict[str, Any] = {
    "self": {"!": [{"$ref": "self"}]},
    "e0": {"var": "x"},
    **{f"e{n}": {"and": [{"$ref": f"e{n - 1}"}, {"$ref": f"e{n - 1}"}]} for n in range(1, 21)},
}


@pytest.mark.parametrize("broken", [case[1] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_broken_flag_says_so_and_spoils_no_other(broken: Any) -> None:
    flags = {**document(good=ON_OFF, broken=broken), "$evaluators": EVALUATORS}
    outcomes = compile_flags(flags).evaluate_all({"targetingKey": "u"})
    assert outcomes["good"].value is False
    assert (outcomes["broken"].reason, outcomes["broken"].error_code) == ("ERROR", "PARSE_ERROR")
    assert outcomes["broken"].detail


@pytest.mark.parametrize("rule", [{"/": [1, 0]}, {"map": [[1], {"fractional": [["on"]]}]}])
def test_a_rule_that_fails_says_so(rule: Any) -> None:
    compiled = compile_flags(document(a={**ON_OFF, "targeting": rule}))
    found = compiled.evaluate("a", {"targetingKey": "u"})
    assert (found.value, found.reason, found.error_code) == (None, "ERROR", "GENERAL")


def test_deep_rules_fail_alone() -> None:
    rule: Any = True
    for _ in range(5_000):
        rule = {"!": [rule]}
    compiled = compile_flags(document(good=ON_OFF, deep={**ON_OFF, "targeting": rule}))
    assert compiled.evaluate("deep", {}).error_code == "PARSE_ERROR"
    assert compiled.evaluate("good", {}).value is False


def test_all_gives_what_single_gives() -> None:
    rules = {"if": [{"==": [{"var": "$flagd.flagKey"}, "b"]}, "on", "off"]}
    split = {"fractional": [["on", 50], ["off", 50]]}
    compiled = compile_flags(
        document(
            a={**ON_OFF, "targeting": rules},
            b={**ON_OFF, "targeting": rules},
            c={**ON_OFF, "targeting": split},
            d=ON_OFF,
            e={**ON_OFF, "state": "DISABLED"},
        )
    )
    for user in range(50):
        context = {"targetingKey": f"user-{user}", "$flagd": {"flagKey": "b"}}
        outcomes = compiled.evaluate_all(context)
        assert outcomes == {key: compiled.evaluate(key, context) for key in "abcde"}
        assert outcomes["a"].variant == "off"
        assert outcomes["b"].variant == "on"


def test_the_context_is_left_alone() -> None:
    rules = {"if": [{"var": ""}, "on", "off"]}
    context = {"targetingKey": "u"}
    compile_flags(document(a={**ON_OFF, "targeting": rules})).evaluate("a", context)
    assert context == {"targetingKey": "u"}


def test_the_document_is_left_alone() -> None:
    flags = {**document(a={**ON_OFF, "targeting": {"$ref": "e0"}}), "$evaluators": EVALUATORS}
    before = json.dumps(flags)
    compile_flags(flags).evaluate_all({})
    assert json.dumps(flags) == before
