"""What flagd's documents say of flag definitions, statement by statement.

The statements stand in https://flagd.dev/reference/flag-definitions/ and in flagd's records of
architecture decisions, the cases are our own; flagd's official suite of scenarios covers the same
ground. `CODE` stands for the default in the caller's code: no variant, no value.
"""

from __future__ import annotations

from typing import Any

import pytest

from functions.flags.compile import compile_flags

CODE = object()
LIGHTS = {"red": "stop", "green": "go"}
SWITCH = {"on": True, "off": False}
SIZES = {"small": 1, "large": 10}
SHARES = {"half": 0.5, "whole": 1.0}
SHAPES = {"square": {"sides": 4}, "none": {}}


def outcome(definition: dict[str, Any], expected: str | None = None, **context: Any) -> Any:
    """(value, reason), or the error code alone."""
    document = {"flags": {"flag": {"state": "ENABLED", **definition}}}
    found = compile_flags(document).evaluate("flag", context, expected)
    if found.error_code:
        assert (found.value, found.variant, found.reason) == (None, None, "ERROR")
        return found.error_code
    return CODE if found.variant is None else found.value, found.reason


TYPES: list[tuple[str, dict[str, Any], str, Any]] = [
    ("boolean", SWITCH, "on", True),
    ("string", LIGHTS, "green", "go"),
    ("integer", SIZES, "large", 10),
    ("float", SHARES, "half", 0.5),
    ("object", SHAPES, "square", {"sides": 4}),
    ("boolean", SWITCH, "off", False),
    ("string", {"empty": ""}, "empty", ""),
    ("integer", {"zero": 0}, "zero", 0),
    ("float", {"zero": 0.0}, "zero", 0.0),
    ("object", SHAPES, "none", {}),
    ("object", {"list": [1, 2]}, "list", [1, 2]),
    ("integer", {"huge": 2**53 - 1}, "huge", 2**53 - 1),
]


@pytest.mark.parametrize(("expected", "variants", "name", "value"), TYPES)
def test_a_value_of_each_type_comes_as_it_was_written(
    expected: str, variants: dict[str, Any], name: str, value: Any
) -> None:
    """By default and by a rule; what counts as false is a value like another."""
    found = outcome({"variants": variants, "defaultVariant": name}, expected)
    assert found == (value, "STATIC")
    assert type(found[0]) is type(value)
    ruled = {"variants": variants, "targeting": {"if": [{"var": "yes"}, name]}}
    assert outcome(ruled, expected, yes=True) == (value, "TARGETING_MATCH")


WRONG_TYPES = [
    (SWITCH, "on", "string integer float number object"),
    (LIGHTS, "red", "boolean integer float number object"),
    (SIZES, "small", "boolean string object"),
    (SHARES, "half", "boolean string integer object"),
    (SHAPES, "none", "boolean string integer float number"),
]


@pytest.mark.parametrize(("variants", "name", "types"), WRONG_TYPES)
def test_another_type_is_a_mismatch(variants: dict[str, Any], name: str, types: str) -> None:
    for expected in types.split():
        assert outcome({"variants": variants, "defaultVariant": name}, expected) == "TYPE_MISMATCH"
        ruled = {"variants": variants, "targeting": {"if": [True, name]}}
        assert outcome(ruled, expected) == "TYPE_MISMATCH"


NUMBERS = [
    (10, "float", 10.0),
    (10.0, "integer", 10),
    (-0.0, "integer", 0),
    (10, "number", 10),
    (0.5, "number", 0.5),
    (2.0**53, "integer", "TYPE_MISMATCH"),
    (3.14, "integer", "TYPE_MISMATCH"),
    (10**400, "float", "TYPE_MISMATCH"),
]


@pytest.mark.parametrize(("value", "expected", "found"), NUMBERS)
def test_numbers_are_converted_where_nothing_is_lost(value: Any, expected: str, found: Any) -> None:
    got = outcome({"variants": {"n": value}, "defaultVariant": "n"}, expected)
    assert got == found if isinstance(found, str) else got == (found, "STATIC")
    if not isinstance(found, str):
        assert type(got[0]) is type(found)


@pytest.mark.parametrize("targeting", [{}, None, "absent"])
def test_without_rules_the_default_is_static(targeting: Any) -> None:
    definition = {"variants": LIGHTS, "defaultVariant": "red", "targeting": targeting}
    if targeting == "absent":
        del definition["targeting"]
    assert outcome(definition) == ("stop", "STATIC")


RULED: list[tuple[str, Any, Any]] = [
    ("names a variant", {"if": [True, "green"]}, ("go", "TARGETING_MATCH")),
    ("names the default", {"if": [True, "red"]}, ("stop", "TARGETING_MATCH")),
    ("null", {"if": [True, None, "green"]}, ("stop", "DEFAULT")),
    ("no else", {"if": [False, "green"]}, ("stop", "DEFAULT")),
    ("a missing attribute", {"var": "nobody"}, ("stop", "DEFAULT")),
    ("no such variant", {"if": [True, "blue"]}, "GENERAL"),
    ("an empty name", {"if": [True, ""]}, "GENERAL"),
    ("a number", {"+": [1, 1]}, "GENERAL"),
    ("a list", {"merge": ["red"]}, "GENERAL"),
    ("no such operator", {"invent": ["red"]}, "PARSE_ERROR"),
    ("no such operator, not reached", {"if": [True, "red", {"invent": []}]}, None),
]


@pytest.mark.parametrize(("rule", "expected"), [case[1:] for case in RULED])
def test_what_a_rule_leads_to(rule: Any, expected: Any) -> None:
    found = outcome({"variants": LIGHTS, "defaultVariant": "red", "targeting": rule}, "string")
    assert found == (expected or ("stop", "TARGETING_MATCH"))


@pytest.mark.parametrize(("rule", "value"), [({"!": [False]}, 1), ({"!!": [False]}, 2)])
def test_true_and_false_name_variants(rule: Any, value: int) -> None:
    definition = {"variants": {"true": 1, "false": 2}, "defaultVariant": "false"}
    assert outcome({**definition, "targeting": rule}) == (value, "TARGETING_MATCH")


def test_true_without_such_a_variant() -> None:
    assert outcome({"variants": LIGHTS, "targeting": {"!!": [True]}}) == "GENERAL"


@pytest.mark.parametrize("default", [None, "", "absent"])
@pytest.mark.parametrize("rule", [None, {"if": [False, "green"]}, {"if": [False, "green", None]}])
def test_without_a_default_variant_the_code_decides(default: Any, rule: Any) -> None:
    definition = {"variants": LIGHTS, "defaultVariant": default, "targeting": rule}
    if default == "absent":
        del definition["defaultVariant"]
    for expected in (None, "string", "integer"):
        assert outcome(definition, expected) == (CODE, "DEFAULT")
    matched = {**definition, "targeting": {"if": [True, "green", None]}}
    assert outcome(matched, "string") == ("go", "TARGETING_MATCH")


def test_a_default_that_is_no_variant() -> None:
    assert outcome({"variants": LIGHTS, "defaultVariant": "blue"}) == "GENERAL"
    rule = {"if": [{"var": "go"}, "green"]}
    definition = {"variants": LIGHTS, "defaultVariant": "blue", "targeting": rule}
    assert outcome(definition) == "GENERAL"
    assert outcome(definition, go=True) == ("go", "TARGETING_MATCH")


@pytest.mark.parametrize("rule", [None, {"if": [True, "green"]}, {"invent": []}])
def test_a_disabled_flag_leaves_it_to_the_code(rule: Any) -> None:
    for expected in (None, "string", "boolean"):
        definition = {"state": "DISABLED", "variants": LIGHTS, "defaultVariant": "red"}
        assert outcome({**definition, "targeting": rule}, expected) == (CODE, "DISABLED")


def test_no_such_flag() -> None:
    assert compile_flags({"flags": {}}).evaluate("flag", {}, "string").error_code == (
        "FLAG_NOT_FOUND"
    )


METADATA: list[tuple[Any, Any, dict[str, Any]]] = [
    (None, None, {}),
    ({"team": "web"}, None, {"team": "web"}),
    (None, {"team": "web"}, {"team": "web"}),
    ({"a": 1, "b": 2}, {"b": True, "c": 0.5}, {"a": 1, "b": True, "c": 0.5}),
]


@pytest.mark.parametrize(("shared", "own", "merged"), METADATA)
def test_metadata_of_the_flag_wins(shared: Any, own: Any, merged: dict[str, Any]) -> None:
    states = (
        {"state": "ENABLED", "variants": SWITCH, "defaultVariant": "on"},
        {"state": "DISABLED", "variants": SWITCH},
        {"state": "ENABLED", "variants": SWITCH, "targeting": {"if": [True, "on"]}},
        {"state": "ENABLED", "variants": SWITCH, "targeting": {"if": [True, "nobody"]}},
    )
    for definition in states:
        flag = {**definition, **({} if own is None else {"metadata": own})}
        document = {"flags": {"f": flag}, **({} if shared is None else {"metadata": shared})}
        assert compile_flags(document).evaluate("f", {}).metadata == merged


def test_a_mismatch_keeps_the_metadata() -> None:
    flag = {"state": "ENABLED", "variants": SWITCH, "defaultVariant": "on", "metadata": {"a": 1}}
    assert compile_flags({"flags": {"f": flag}}).evaluate("f", {}, "string").metadata == {"a": 1}


SCOPE: list[tuple[str, Any, bool]] = [
    ("targetingKey", "user-1", True),
    ("$flagd.flagKey", "flag", True),
    ("$flagd.timestamp", 1_800_000_000, True),
    ("$flagd.other", None, True),
    ("user.name", "mina", True),
    ("list.1", "b", True),
    ("user.nobody.name", None, True),
]


@pytest.mark.parametrize(("name", "value", "holds"), SCOPE)
def test_what_rules_see(name: str, value: Any, holds: bool) -> None:
    """flagd's own properties win over those of the context."""
    rule = {"if": [{"===": [{"var": name}, value]}, "on", "off"]}
    document = {"flags": {"flag": {"state": "ENABLED", "variants": SWITCH, "targeting": rule}}}
    context = {
        "targetingKey": "user-1",
        "user": {"name": "mina"},
        "list": ["a", "b"],
        "$flagd": {"flagKey": "another", "timestamp": 1, "other": 2},
    }
    evaluator = compile_flags(document, now=lambda: 1_800_000_000.9)
    assert evaluator.evaluate("flag", context).value is holds
    assert evaluator.evaluate_all(context)["flag"].value is holds


IS_STAFF = {"ends_with": [{"var": "email"}, "@palier.example"]}
REFERENCES: list[tuple[str, Any, dict[str, Any], Any]] = [
    ("as a condition", {"if": [{"$ref": "staff"}, "green", "red"]}, {}, "go"),
    ("as the whole rule", {"$ref": "whole"}, {}, "go"),
    ("not in a list", {"!": {"$ref": "staff"}}, {}, "GENERAL"),
    ("through another", {"if": [{"$ref": "other"}, "green", "red"]}, {}, "stop"),
    ("as a value", {"if": [{"in": ["b", {"$ref": "names"}]}, "green"]}, {}, "go"),
    ("unknown", {"if": [{"$ref": "nobody"}, "green", "red"]}, {}, "PARSE_ERROR"),
    ("to itself", {"if": [{"$ref": "self"}, "green", "red"]}, {}, "PARSE_ERROR"),
]


@pytest.mark.parametrize(
    ("rule", "context", "value"), [case[1:] for case in REFERENCES], ids=[c[0] for c in REFERENCES]
)
def test_shared_evaluators(rule: Any, context: dict[str, Any], value: Any) -> None:
    document = {
        "flags": {"f": {"state": "ENABLED", "variants": LIGHTS, "targeting": rule}},
        "$evaluators": {
            "other": {"!": [{"$ref": "staff"}]},
            "staff": IS_STAFF,
            "whole": {"if": [{"$ref": "staff"}, "green"]},
            "names": ["a", "b"],
            "self": {"or": [{"$ref": "self"}, True]},
        },
    }
    found = compile_flags(document).evaluate("f", {"email": "a@palier.example", **context})
    assert (found.error_code or found.value) == value
