"""Whatever a document holds, compiling it ends, soon, and a bad flag is bad alone.

What "soon" means is measured by the benchmarks; here, a rule that took its time would run into the
time limit of the tests.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.flags.compile import DocumentError, compile_flags
from functions.flags.logic.references import MAXIMUM_DEPTH

ON_OFF = {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off"}
DEEP = 10_000


def nested(levels: int, around: Callable[[Any], Any], inner: Any = True) -> Any:
    rule = inner
    for _ in range(levels):
        rule = around(rule)
    return rule


HOSTILE: dict[str, Any] = {
    **{name: nested(DEEP, lambda rule, name=name: {name: [rule]})  # type: ignore[misc]
       for name in ("!", "if", "and", "or", "map", "var", "cat", "fractional", "all", "no such")},
    "not in lists": nested(DEEP, lambda rule: {"!": rule}),
    "a long chain of else": nested(DEEP, lambda rule: {"if": [{"var": "a"}, "on", rule]}),
    "lists in lists": {"in": [1, nested(DEEP, lambda rule: [rule])]},
    "objects in objects": {"==": [nested(DEEP, lambda rule: {"a": rule, "b": 1}), 1]},
    "wide": {"or": [{"!": [{"var": "a"}]}] * 60_000},
    "many shares": {"fractional": [["on", 1]] * 200_000},
    "a bomb": {"if": [{"$ref": "e60"}, "on"]},
    "a bomb of splits": {"if": [{"$ref": "s60"}, "on"]},
    "a circle": {"if": [{"$ref": "circle"}, "on"]},
    "deep evaluators": {"if": [{"$ref": "deep"}, "on"]},
}  # fmt: skip
EVALUATORS: dict[str, Any] = {
    "circle": {"!": [{"$ref": "circle"}]},
    "deep": nested(DEEP, lambda rule: {"!": [rule]}),
    "e0": {"var": "x"},
    "s0": {"fractional": [["on", 1], ["off", 1]]},
    **{f"{x}{n}": {"and": [{"$ref": f"{x}{n - 1}"}] * 2} for n in range(1, 61) for x in "es"},
}


@pytest.mark.parametrize("rule", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_rule_is_a_parse_error_of_its_flag(rule: Any) -> None:
    flags = {"good": ON_OFF, **{f"bad-{n}": {**ON_OFF, "targeting": rule} for n in range(5)}}
    outcomes = compile_flags({"flags": flags, "$evaluators": EVALUATORS}).evaluate_all({"a": 1})
    assert outcomes.pop("good").value is False
    assert {each.error_code for each in outcomes.values()} == {"PARSE_ERROR"}
    assert all(each.detail for each in outcomes.values())


def test_the_deepest_rule_allowed_works_beneath_a_deep_stack() -> None:
    """So depth is decided by the limit, not by who happens to ask."""

    def beneath(frames: int, call: Callable[[], Any]) -> Any:
        return call() if frames == 0 else beneath(frames - 1, call)

    for around in (
        lambda rule: {"if": [rule, "on", "off"]},
        lambda rule: {"and": [rule]},
        lambda rule: {"cat": [rule]},
    ):
        rule = nested(MAXIMUM_DEPTH // 2 - 1, around, {"if": [True, "on"]})
        document = {"flags": {"f": {**ON_OFF, "targeting": rule}}}
        compiled = beneath(100, lambda document=document: compile_flags(document))  # type: ignore[misc]
        found = beneath(100, lambda compiled=compiled: compiled.evaluate("f", {}))  # type: ignore[misc]
        assert found.variant == "on"


def test_huge_lists_are_looked_up() -> None:
    names = [f"user-{number}" for number in range(200_000)]
    rule = {"if": [{"in": [{"var": "targetingKey"}, names]}, "on"]}
    compiled = compile_flags({"flags": {"f": {**ON_OFF, "targeting": rule}}})
    found = [compiled.evaluate("f", {"targetingKey": f"user-{n}"}).variant for n in range(250_000)]
    assert found == ["on"] * 200_000 + ["off"] * 50_000


def test_a_hostile_context_harms_no_rule() -> None:
    rules: dict[str, Any] = {
        "==": {"==": [{"var": "a"}, {"var": "b"}]},
        "===": {"===": [{"var": "a"}, {"var": "b"}]},
        "cat": {"cat": [{"var": "a"}]},
        "in": {"in": [{"var": "a"}, ["x", 1]]},
        "+": {"+": [{"var": "a"}]},
        "fractional": {"fractional": [{"cat": ["x", {"var": "a"}]}, ["on", 1]]},
        "sem_ver": {"sem_ver": [{"var": "a"}, "=", "1.0.0"]},
        "hash": {"fractional": [{"var": "a"}, ["on", 1]]},
    }
    flags = {name: {**ON_OFF, "targeting": {"if": [rule, "on"]}} for name, rule in rules.items()}
    compiled = compile_flags({"flags": {**flags, "good": ON_OFF}})
    for value in (nested(DEEP, lambda x: [x]), nested(DEEP, lambda x: {"a": x}), "9" * 100_000):
        outcomes = compiled.evaluate_all({"a": value, "b": value, "targetingKey": "u"})
        assert outcomes["good"].value is False
        assert {each.error_code for each in outcomes.values()} <= {None, "GENERAL"}


@pytest.mark.parametrize(
    "text",
    ["", "{", "[" * 100_000, '{"a":' * 50_000, '{"flags": {"a": ' + "9" * 5_000 + "}}", "null"],
)
def test_what_is_no_json_is_no_document(text: str) -> None:
    with pytest.raises(DocumentError):
        compile_flags(text)


@pytest.mark.parametrize("value", [10**400, -(10**400), float("nan"), float("inf")])
@pytest.mark.parametrize("expected", [None, "boolean", "string", "integer", "float", "number"])
def test_numbers_beyond_all_bounds_raise_nothing(value: Any, expected: str | None) -> None:
    for rule in (None, {"if": [True, "n"]}):
        flag = {"state": "ENABLED", "variants": {"n": value}, "defaultVariant": "n"}
        compiled = compile_flags({"flags": {"f": {**flag, "targeting": rule}}})
        assert compiled.evaluate("f", {}, expected).error_code in (None, "TYPE_MISMATCH")


def test_a_document_read_from_text_is_as_robust() -> None:
    flags = {"good": ON_OFF, "bad": {**ON_OFF, "targeting": nested(300, lambda x: {"!": [x]})}}
    compiled = compile_flags(json.dumps({"flags": flags}))
    assert compiled.evaluate("good", {}).value is False
    assert compiled.evaluate("bad", {}).error_code == "PARSE_ERROR"
