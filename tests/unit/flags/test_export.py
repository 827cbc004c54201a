"""Flags as others take them: what flagd reads, and what loses nothing."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext

from functions.flags.compile import compile_flags
from functions.flags.composition import Prerequisite
from functions.flags.export import in_flagds_form, in_own_form
from functions.flags.flag import Flag
from functions.flags.publication import Edit, published
from functions.flags.segment import Segment
from functions.flags.split import Split
from functions.flags.transfer import Wanted, in_lossless, planned


def flag(key: str, targeting: Any = None, **more: Any) -> Flag:
    definition = {
        "state": "ENABLED",
        "variants": {"on": True, "off": False},
        "defaultVariant": "off",
        **({"targeting": targeting} if targeting else {}),
    }
    return Flag(key, definition, off_variant="off", **more)


def on_for(segment: str) -> dict[str, Any]:
    return {"if": [{"$ref": segment}, "on"]}


FLAGS = [
    flag("needs", on_for("wide"), prerequisites=(Prerequisite("base", ("on",)),)),
    flag("base", on_for("pro"), targets={"off": ("é\\$1\n",)}),
    flag("abroad", on_for("accents")),
    flag("dotted", on_for("a.b")),
    flag("split", split=Split("r", "salt", "off", "on", 50)),
    flag("killed", on_for("pro"), killed=True),
    flag("gone", archived=True),
    Flag(
        "bare", {"state": "DISABLED", "variants": {"a": 1.0}, "targeting": None, "metadata": None}
    ),
]
SEGMENTS = [
    Segment("wide", {"or": [{"$ref": "pro"}, {"$ref": "accents"}]}),
    Segment("staff", {"or": [{"$ref": "pro"}, {"==": [{"var": "team"}, "staff"]}]}),
    Segment("pro", {"==": [{"var": "plan"}, "pro"]}),
    Segment("accents", {"==": [{"var": "city"}, "Zürich\\"]}),
    Segment("a.b", {"==": [{"var": "plan"}, "free"]}),
]
DOCUMENT = published({}, Edit(flags=FLAGS, segments=SEGMENTS))["document"]
CONTEXTS: list[dict[str, Any]] = [
    {"targetingKey": key, "plan": plan, "city": city}
    for key in ("anna", "é\\$1\n", "ben")
    for plan in ("pro", "free", None)
    for city in ("Zürich\\", "Bern")
]


def test_evaluators_are_whole_and_can_be_pasted_everywhere() -> None:
    exported = in_flagds_form(DOCUMENT)
    assert exported["$evaluators"] == {
        "pro": {"==": [{"var": "plan"}, "pro"]},
        "staff": {"or": [{"==": [{"var": "plan"}, "pro"]}, {"==": [{"var": "team"}, "staff"]}]},
    }
    text = json.dumps(exported["flags"])
    assert '{"$ref": "pro"}' in text
    for name in ("wide", "accents", "a.b", "flag:base"):
        assert f'{{"$ref": "{name}"}}' not in text


def test_what_flagd_takes_for_a_mistake_is_left_out() -> None:
    bare = in_flagds_form(DOCUMENT)["flags"]["bare"]
    assert bare == {"state": "DISABLED", "variants": {"a": 1.0}}
    assert in_flagds_form({}) == {"flags": {}}


def test_everybody_gets_the_same_there() -> None:
    """In Palier, in Palier from what was exported, and in flagd's own core."""
    exported = in_flagds_form(DOCUMENT)
    here, there = compile_flags(DOCUMENT), compile_flags(exported)
    core = FlagdCore()
    core.set_flags(json.dumps(copy.deepcopy(exported), ensure_ascii=True))
    for context in CONTEXTS:
        assert here.evaluate_all(context) == there.evaluate_all(context)
        attributes = {name: value for name, value in context.items() if name != "targetingKey"}
        asked = EvaluationContext(context["targetingKey"], attributes)
        for key in ("needs", "base", "abroad", "dotted", "split", "killed"):
            found = core.resolve_boolean_value(key, False, asked)
            assert found.value == here.evaluate(key, context).value, (key, context)


def test_a_rule_that_can_not_be_resolved_stays() -> None:
    loop = {"flags": {"f": {"targeting": {"$ref": "é"}}}, "$evaluators": {"é": {"$ref": "é"}}}
    assert in_flagds_form(loop) == {"flags": loop["flags"]}


def test_our_own_form_loses_nothing() -> None:
    exported = json.loads(json.dumps(in_own_form(FLAGS, SEGMENTS)))
    again = planned(Wanted(exported["flags"], exported["segments"]), {}, {}, in_lossless)
    assert not again.problems
    assert [each.content() for each in again.edit.segments] == [each.content() for each in SEGMENTS]
    assert {each.key: each.content() for each in again.edit.flags} == {
        each.key: each.content() for each in FLAGS
    }


def test_flags_come_after_those_that_they_require() -> None:
    chain = [
        flag(f"f{n}", prerequisites=(Prerequisite(f"f{n + 1}", ("on",)),)) for n in range(2_000)
    ]
    exported = list(in_own_form([*chain, flag("f2000")], [])["flags"])
    assert exported == [f"f{n}" for n in range(2_000, -1, -1)]


@pytest.mark.parametrize("number", [1.0, 2, 1e300])
def test_numbers_stay_what_they_are(number: float) -> None:
    made = Flag("f", {"state": "ENABLED", "variants": {"a": number}})
    [content] = in_own_form([made], [])["flags"].values()
    assert type(content["definition"]["variants"]["a"]) is type(number)
