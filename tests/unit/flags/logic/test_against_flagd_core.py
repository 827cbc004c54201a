"""Every rule means here what it means in flagd's reference implementation for Python.

Rules and contexts are made up by hypothesis, over every operator; the oracle is
`openfeature-flagd-core`. The differences that we keep stand at the end, with their reasons in
docs/reference/flags.md.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import math
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import OpenFeatureError

from functions.flags.compile import compile_flags

MISSING = object()
NOW = 1_800_000_000


@pytest.fixture(autouse=True, scope="module")
def same_second() -> Iterator[None]:
    """A rule may bucket by its whole scope, the second included."""
    with pytest.MonkeyPatch.context() as patch:
        module = sys.modules["openfeature.contrib.tools.flagd.core.targeting.targeting"]
        patch.setattr(module, "time", Stopped)
        yield


class Stopped:
    @staticmethod
    def time() -> float:
        return NOW + 0.5


TYPES = (None, "boolean", "string", "integer", "float", "object")

NAMES = (
    "a b user.name user list list.0 list.length targetingKey $flagd.flagKey nope user.name.0 "
    "length current accumulator 0 é.ü $flagd 01 "
)
VERSIONS = (
    "1.0.0 v1.0.0 V2 1 1.2 1.2.3-alpha 1.2.3-alpha.1 1.2.3-alpha.beta 1.2.3-2 1.2.3-11 9.0 v "
    "1.2.3+build 2.0.0-rc.1+5 01.2.3 1.2.3.4 1.0.0- 1.2.3-0a 1.2.3-00 1.2.3-alpha.1.2 1-rc.1 x "
)
OPERATORS = (
    "== != === !== < > <= >= ! !! + * - / % in min max cat substr merge missing missing_some log "
    "fractional starts_with ends_with sem_ver if ?: and or filter map reduce all some none var "
    "unknown_operator"
)
names = st.sampled_from(NAMES.split(" "))
versions = st.sampled_from(VERSIONS.split(" "))
operators = st.sampled_from(OPERATORS.split())
texts = st.one_of(
    st.sampled_from(
        ["", "a", "b", "on", "off", "1", "1.0", " 2 ", "-3", "true", "null", "inf", "nan"]
    ),
    st.sampled_from(["é", "日本", "𝒳", "a\nb", "\\1", "1e3", "0x10", "1_0", "Infinity", "x" * 30]),
    versions,
    st.text(max_size=5),
)
numbers = st.one_of(
    st.integers(-20, 20),
    st.sampled_from([0.0, -0.0, 0.5, 1.0, -1.5, 2.0**53, 1e21, 1e-7, 2**31, 2**63, 2**64, 10**30]),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from("abcxy"), inner, max_size=3)
    ),
    max_leaves=6,
)
variant_names = st.sampled_from(["on", "off", "true", "false", "1", "1.0", "none", "é", "big"])

COMPARISONS = ["=", "!=", "<", "<=", ">", ">=", "^", "~", "==", ""]


def _operations(rules: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    var = st.one_of(
        names.map(lambda name: {"var": name}),
        names.map(lambda name: {"var": [name]}),
        st.tuples(names, rules).map(lambda pair: {"var": list(pair)}),
        rules.map(lambda rule: {"var": rule}),
    )
    anything = st.tuples(operators, st.lists(rules, max_size=4)).map(
        lambda pair: {pair[0]: pair[1]}
    )
    unwrapped = st.tuples(operators, rules).map(lambda pair: {pair[0]: pair[1]})
    share = st.one_of(
        st.tuples(variant_names, st.integers(-5, 100)).map(list),
        variant_names.map(lambda name: [name]),
        st.tuples(rules, st.one_of(st.integers(0, 5), rules)).map(list),
        rules,
    )
    shorthand = st.lists(share, max_size=4).map(lambda shares: {"fractional": shares})
    by_value = st.tuples(rules, st.lists(share, max_size=4)).map(
        lambda pair: {"fractional": [pair[0], *pair[1]]}
    )
    version = st.one_of(versions, versions, numbers, rules)
    semantic = st.tuples(version, st.sampled_from(COMPARISONS), version).map(
        lambda parts: {"sem_ver": list(parts)}
    )
    items = st.one_of(st.just({"var": "list"}), st.lists(rules, max_size=3), rules)
    over_items = st.tuples(
        st.sampled_from(["map", "filter", "all", "some", "none", "reduce"]), items, rules, rules
    ).map(lambda parts: {parts[0]: list(parts[1 : 3 if parts[0] != "reduce" else 4])})
    choice = st.tuples(rules, rules, rules).map(lambda parts: {"if": list(parts)})
    compared = st.tuples(
        st.sampled_from(
            ["==", "!=", "===", "<", "<=", ">", ">=", "in", "starts_with", "ends_with"]
        ),
        rules,
        rules,
    ).map(lambda parts: {parts[0]: list(parts[1:])})
    return st.one_of(
        var, anything, unwrapped, shorthand, by_value, semantic, over_items, choice, compared
    )


rules = st.recursive(
    st.one_of(scalars, values, names.map(lambda name: {"var": name}), variant_names),
    lambda inner: st.one_of(_operations(inner), st.lists(inner, max_size=3)),
    max_leaves=12,
)
targetings = st.one_of(
    _operations(rules),
    st.tuples(rules, variant_names, variant_names).map(lambda parts: {"if": list(parts)}),
)
contexts = st.fixed_dictionaries(
    {},
    optional={
        "a": values,
        "b": values,
        "user": st.one_of(st.fixed_dictionaries({"name": values}), values),
        "list": st.lists(values, max_size=4),
        "é": st.just({"ü": "hi"}),
        "targetingKey": st.one_of(texts, st.sampled_from(["user-1", "user-2", "user-3"])),
        "0": values,
    },
)
VARIANTS: dict[str, Any] = {
    "on": True, "off": False, "true": 1, "false": 0.5, "1": "eins", "1.0": {"x": 1}, "none": None,
    "é": "ü", "big": 10**12,
}  # fmt: skip
OPENFEATURE = {
    "boolean": ("resolve_boolean_value", False),
    "string": ("resolve_string_value", ""),
    "integer": ("resolve_integer_value", 0),
    "float": ("resolve_float_value", 0.0),
    "object": ("resolve_object_value", {}),
}


def by_flagd(
    document: dict[str, Any], key: str, context: dict[str, Any], expected: str | None
) -> tuple[Any, ...]:
    """(value, variant, reason, error code) of flagd-core; the value is MISSING for a default."""
    core = FlagdCore()
    core.set_flags(copy.deepcopy(document))
    attributes = {name: value for name, value in context.items() if name != "targetingKey"}
    evaluation_context = EvaluationContext(context.get("targetingKey"), attributes)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            if expected is None:
                found = core._resolve(key, MISSING, evaluation_context)
            else:
                method, default = OPENFEATURE[expected]
                found = getattr(core, method)(key, default, evaluation_context)
    except OpenFeatureError as error:
        return MISSING, None, "ERROR", str(error.error_code.value)
    except Exception:  # flagd-core lets a rule's own faults through; its clients call them GENERAL
        return MISSING, None, "ERROR", "GENERAL"
    value = MISSING if found.variant is None else found.value
    return value, found.variant, str(found.reason), None


def by_palier(
    document: dict[str, Any], key: str, context: dict[str, Any], expected: str | None
) -> tuple[Any, ...]:
    found = compile_flags(document, now=Stopped.time).evaluate(key, context, expected)
    value = MISSING if found.variant is None else found.value
    return value, found.variant, found.reason, found.error_code


def same(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return type(left) is type(right) and bool(left == right)


def assert_alike(
    document: dict[str, Any], context: dict[str, Any], expected: str | None = None
) -> None:
    ours = by_palier(document, "flag", context, expected)
    theirs = by_flagd(document, "flag", context, expected)
    assert ours[1:] == theirs[1:]
    assert same(ours[0], theirs[0])


def flag(targeting: Any, default: Any = "on") -> dict[str, Any]:
    definition = {"state": "ENABLED", "variants": VARIANTS, "targeting": targeting}
    if default is not MISSING:
        definition["defaultVariant"] = default
    return {"flags": {"flag": definition}}


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
@given(targetings, contexts)
def test_rules(targeting: Any, context: dict[str, Any]) -> None:
    assert_alike(flag(targeting), context)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
@given(rules, contexts)
def test_values_of_expressions(rule: Any, context: dict[str, Any]) -> None:
    """The value of an expression itself, shown by comparing its text with flagd's."""
    assert_alike(flag({"cat": ["x", {"merge": [[rule]]}]}), context)
    shown = by_flagd_text(rule, context)
    if shown is not None:
        document = flag({"if": [{"===": [{"cat": [[rule], "|"]}, shown]}, "on", "off"]})
        assert by_palier(document, "flag", context, None)[1] == "on"


def by_flagd_text(rule: Any, context: dict[str, Any]) -> str | None:
    """What flagd-core makes of a rule, as text: it names the variant that it could not find."""
    core = FlagdCore()
    core.set_flags(copy.deepcopy(flag({"cat": [[rule], "|"]})))
    attributes = {name: value for name, value in context.items() if name != "targetingKey"}
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            core._resolve("flag", 0, EvaluationContext(context.get("targetingKey"), attributes))
    except OpenFeatureError as error:
        prefix, suffix = "Resolved variant ", " not in variants config."
        message = error.error_message or ""
        if message.startswith(prefix) and message.endswith(suffix):
            return message[len(prefix) : -len(suffix)]
    except Exception:
        return None
    return None


@settings(max_examples=300, deadline=None, database=None)
@given(
    st.one_of(variant_names, st.booleans(), st.none(), st.just(""), st.just("absent")),
    st.sampled_from(TYPES),
    st.sampled_from(["ENABLED", "DISABLED"]),
    st.one_of(st.none(), st.just({}), variant_names.map(lambda name: {"cat": [name]})),
    st.booleans(),
)
def test_defaults_types_and_states(
    default: Any, expected: str | None, state: str, targeting: Any, absent: bool
) -> None:
    document = flag(targeting, MISSING if absent else default)
    document["flags"]["flag"]["state"] = state
    if expected == "float" and by_palier(document, "flag", {}, None)[0] in (True, False):
        return  # see test_true_is_no_number
    assert_alike(document, {}, expected)


@settings(max_examples=200, deadline=None, database=None)
@given(st.sampled_from(["ascii", "a b"]), rules, contexts)
def test_shared_evaluators(name: str, rule: Any, context: dict[str, Any]) -> None:
    """Plain ASCII only: see test_evaluators_are_put_in_structurally."""
    if not json.dumps(rule).isascii() or "\\" in json.dumps(rule):
        return
    document = flag({"if": [{"$ref": name}, "on", {"cat": [{"$ref": name}]}]})
    document["$evaluators"] = {name: rule}
    assert_alike(document, context)


def test_metadata_is_merged() -> None:
    document = {**flag(None), "metadata": {"set": 1, "both": "set"}}
    document["flags"]["flag"]["metadata"] = {"both": "flag", "own": True}
    core = FlagdCore()
    core.set_flags(copy.deepcopy(document))
    theirs = core.resolve_boolean_value("flag", False).flag_metadata
    assert compile_flags(document).evaluate("flag", {}).metadata == theirs
    assert theirs == {"set": 1, "both": "flag", "own": True}


def test_the_timestamp_is_in_whole_seconds() -> None:
    document = flag({"if": [{"===": [{"var": "$flagd.timestamp"}, NOW]}, "on", "off"]})
    evaluator = compile_flags(document, now=lambda: NOW + 0.9)
    assert evaluator.evaluate("flag", {}).variant == "on"
    assert compile_flags(document).evaluate("flag", {}).variant == "off"


# The differences, each with its reason in docs/reference/flags.md


def test_true_is_no_number() -> None:
    """flagd-core takes true for 1.0, since Python does; flagd's own test bed forbids it."""
    document = flag(None)
    assert by_flagd(document, "flag", {}, "float")[0] == 1.0
    assert by_palier(document, "flag", {}, "float")[3] == "TYPE_MISMATCH"


@pytest.mark.parametrize("text", ["é", "a\nb", "a\\nb", '"'])
def test_evaluators_are_put_in_structurally(text: str) -> None:
    """flagd-core pastes them in as text, which breaks on some characters."""
    document = flag({"if": [{"$ref": "r"}, "on", "off"]})
    document["$evaluators"] = {"r": {"==": [{"var": "a"}, text]}}
    assert by_palier(document, "flag", {"a": text}, None)[1] == "on"


def test_evaluators_may_name_each_other_in_any_order() -> None:
    document = flag({"if": [{"$ref": "second"}, "on", "off"]})
    document["$evaluators"] = {"first": {"var": "a"}, "second": {"!": [{"$ref": "first"}]}}
    assert by_palier(document, "flag", {"a": True}, None)[1] == "off"


def test_one_broken_flag_spoils_no_other() -> None:
    """flagd-core refuses the whole set."""
    document = flag(None)
    document["flags"]["broken"] = {"state": "MAYBE", "variants": {"on": True}}
    evaluator = compile_flags(document)
    assert evaluator.evaluate("flag", {}).value is True
    assert evaluator.evaluate("broken", {}).error_code == "PARSE_ERROR"
