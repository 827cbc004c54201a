"""Every rule means here what it means in flagd's reference implementation for Python.

Rules and contexts are made up by hypothesis, over every operator; the oracle is
`openfeature-flagd-core`. The differences that we keep stand at the end, with their reasons in
docs/reference/flags.md.

PALIER_EXAMPLES=20000 looks at that many examples of each kind, instead of a few hundred.
"""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import math
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import OpenFeatureError

from functions.flags.compile import compile_flags
from tests.unit.flags.logic.strategies import (
    EVALUATORS,
    MISSING,
    VARIANTS,
    contexts,
    definitions,
    evaluators,
    plain_targetings,
    rules,
    sound_metadata,
    targetings,
    variant_names,
)

EXAMPLES = int(os.environ.get("PALIER_EXAMPLES", "0"))
NOW = 1_800_000_000
TYPES = (None, "boolean", "string", "integer", "float", "object")

pytestmark = [pytest.mark.timeout(7200)] if EXAMPLES else []


def examples(usual: int) -> Callable[[Any], Any]:
    return settings(
        max_examples=EXAMPLES or usual,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
        database=None,
    )


@pytest.fixture(autouse=True, scope="module")
def same_second() -> Iterator[None]:
    """A rule may bucket by its whole scope, the second included."""
    with pytest.MonkeyPatch.context() as patch:
        module = sys.modules["openfeature.contrib.tools.flagd.core.targeting.targeting"]
        patch.setattr(module, "time", Stopped)
        yield


@pytest.fixture(autouse=True, scope="module")
def silence() -> Iterator[None]:
    """flagd-core logs every argument that it can't use, with a traceback: half of the time here."""
    logger = logging.getLogger("openfeature.contrib")
    logger.disabled = True
    yield
    logger.disabled = False


class Stopped:
    @staticmethod
    def time() -> float:
        return NOW + 0.5


OPENFEATURE = {
    "boolean": ("resolve_boolean_value", False),
    "string": ("resolve_string_value", ""),
    "integer": ("resolve_integer_value", 0),
    "float": ("resolve_float_value", 0.0),
    "object": ("resolve_object_value", {}),
}


def by_flagd(
    document: dict[str, Any], key: str, context: dict[str, Any] | None, expected: str | None
) -> tuple[Any, ...]:
    """(value, variant, reason, error code) of flagd-core; the value is MISSING for a default."""
    core = FlagdCore()
    evaluation_context = None
    if context is not None:
        attributes = {name: value for name, value in context.items() if name != "targetingKey"}
        evaluation_context = EvaluationContext(context.get("targetingKey"), attributes)
    try:
        core.set_flags(copy.deepcopy(document))
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
    document: dict[str, Any], key: str, context: dict[str, Any] | None, expected: str | None
) -> tuple[Any, ...]:
    found = compile_flags(document, now=Stopped.time).evaluate(key, context, expected)
    value = MISSING if found.variant is None else found.value
    return value, found.variant, found.reason, found.error_code


def same(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return type(left) is type(right) and bool(left == right)


def assert_alike(
    document: dict[str, Any],
    context: dict[str, Any] | None,
    expected: str | None = None,
    key: str = "flag",
) -> None:
    ours = by_palier(document, key, context, expected)
    theirs = by_flagd(document, key, context, expected)
    if differs_by_type(by_palier(document, key, context, None)[0], expected):
        return
    assert ours[1:] == theirs[1:]
    assert same(ours[0], theirs[0])


def differs_by_type(value: Any, expected: str | None) -> bool:
    """Where we mean to differ: see test_true_is_no_number and those after it."""
    if expected == "float":
        return isinstance(value, bool) or value == 10**400
    return expected == "integer" and isinstance(value, float) and value.is_integer()


def flag(targeting: Any, default: Any = "on") -> dict[str, Any]:
    definition = {"state": "ENABLED", "variants": VARIANTS, "targeting": targeting}
    if default is not MISSING:
        definition["defaultVariant"] = default
    return {"flags": {"flag": definition}}


@examples(400)
@given(targetings, contexts, st.sampled_from(TYPES))
@example({"fractional": [["on", 1], ["off", 1]]}, {}, None)
@example({"==": [{"var": "a"}, 10**400]}, {"a": 0.5}, None)
@example({"var": {"substr": ["on", 0, 10**400]}}, {}, None)
def test_rules(targeting: Any, context: dict[str, Any], expected: str | None) -> None:
    assert_alike(flag(targeting), context, expected)


@examples(200)
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


@examples(200)
@given(
    st.one_of(variant_names, st.booleans(), st.none(), st.just(""), st.just("absent")),
    st.sampled_from(TYPES),
    st.sampled_from(["ENABLED", "DISABLED"]),
    st.one_of(st.none(), st.just({}), variant_names.map(lambda name: {"cat": [name]})),
    st.booleans(),
    st.sampled_from([None, {}]),
)
def test_defaults_types_and_states(
    default: Any, expected: str | None, state: str, targeting: Any, absent: bool, context: Any
) -> None:
    document = flag(targeting, MISSING if absent else default)
    document["flags"]["flag"]["state"] = state
    assert_alike(document, context, expected)


@examples(200)
@given(definitions, contexts, st.sampled_from(TYPES))
def test_definitions_sound_and_broken(
    definition: Any, context: dict[str, Any], expected: str | None
) -> None:
    assert_alike({"flags": {"flag": definition}}, context, expected)


@examples(150)
@given(plain_targetings, plain_targetings, evaluators, contexts)
def test_evaluators(first: Any, second: Any, shared: Any, context: dict[str, Any]) -> None:
    """Two flags share evaluators, which refer to each other, anywhere in a rule."""
    document = flag(first)
    document["flags"]["second"] = flag(second)["flags"]["flag"]
    document["$evaluators"] = shared
    assert_alike(document, context)
    assert_alike(document, context, key="second")


@pytest.mark.parametrize("name", EVALUATORS)
def test_an_evaluator_used_twice(name: str) -> None:
    """A list or an object is equal to itself alone: what is shared must not look so."""
    for value in ([1], {"a": 1, "b": 2}, {"merge": [[1]]}, {"if": [True, {"a": 1, "b": 2}]}):
        document = flag({"if": [{"==": [{"$ref": name}, {"$ref": name}]}, "on", "off"]})
        document["$evaluators"] = {name: value}
        assert_alike(document, {})


@examples(100)
@given(st.lists(definitions, min_size=1, max_size=4), contexts)
def test_all_at_once(several: list[Any], context: dict[str, Any]) -> None:
    """flagd-core knows no such thing: each flag by itself is the oracle."""
    document = {"flags": {f"flag-{number}": each for number, each in enumerate(several)}}
    outcomes = compile_flags(document, now=Stopped.time).evaluate_all(context)
    assert list(outcomes) == list(document["flags"])
    for key, found in outcomes.items():
        theirs = by_flagd({"flags": {key: document["flags"][key]}}, key, context, None)
        assert (found.variant, found.reason, found.error_code) == theirs[1:]
        assert same(MISSING if found.variant is None else found.value, theirs[0])


@examples(50)
@given(sound_metadata, sound_metadata, st.sampled_from(["ENABLED", "DISABLED"]))
def test_metadata(own: dict[str, Any], shared: dict[str, Any], state: str) -> None:
    document = {**flag(None), "metadata": shared}
    document["flags"]["flag"].update(metadata=own, state=state)
    core = FlagdCore()
    core.set_flags(copy.deepcopy(document))
    theirs = core.resolve_boolean_value("flag", False).flag_metadata
    assert compile_flags(document).evaluate("flag", {}).metadata == theirs


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


def test_numbers_are_converted_where_nothing_is_lost() -> None:
    """flagd-core gives no float as an integer; flagd's contract for numbers gives whole ones."""
    whole, half, huge = flag(None, "whole"), flag(None, "false"), flag(None, "huge")
    assert by_flagd(whole, "flag", {}, "integer")[3] == "TYPE_MISMATCH"
    value = by_palier(whole, "flag", {}, "integer")[0]
    assert (value, type(value)) == (2, int)
    assert by_palier(half, "flag", {}, "integer")[3] == "TYPE_MISMATCH"
    assert by_flagd(huge, "flag", {}, "float")[3] == "GENERAL"
    assert by_palier(huge, "flag", {}, "float")[3] == "TYPE_MISMATCH"


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
