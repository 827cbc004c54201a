"""Layers around a flag, against a plain model of what they mean and against flagd's own core."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openfeature.contrib.tools.flagd.core import FlagdCore
from openfeature.evaluation_context import EvaluationContext

from functions.flags.compile import Evaluator, compile_flags
from functions.flags.composition import Prerequisite
from functions.flags.flag import Flag
from functions.flags.logic.references import resolve
from functions.flags.publication import Edit, published
from functions.flags.segment import Segment
from functions.flags.split import Split

USERS = ("ada", "bo", "cy", "dee", None)
PLANS = ("free", "pro", None)
VARIANTS = ("on", "off", "new")
BETA = Segment("beta", {"==": [{"var": "plan"}, "pro"]}, included=("ada",), excluded=("bo",))


def in_beta(user: str | None, plan: str | None) -> bool:
    return user != "bo" and (user == "ada" or plan == "pro")


OWN_RULES: Mapping[str, Any] = {
    "none": None,
    "segment": {"if": [{"$ref": "beta"}, "new"]},
    "with else": {"if": [{"$ref": "beta"}, "new", "on"]},
    "null": {"if": [{"$ref": "beta"}, "new", None]},
    "boolean": {"if": [{"!": [{"$ref": "beta"}]}, "off", "new"]},
}


def own_outcome(rule: str, beta: bool) -> str | None:
    return {
        "none": None,
        "segment": "new" if beta else None,
        "with else": "new" if beta else "on",
        "null": "new" if beta else None,
        "boolean": "new" if beta else "off",
    }[rule]


@st.composite
def layered(draw: st.DrawFn, key: str, requirable: str | None) -> tuple[Flag, str]:
    """A flag with some of the layers, and the name of its own rule."""
    rule = draw(st.sampled_from(sorted(OWN_RULES)))
    targeting = {} if rule == "none" else {"targeting": OWN_RULES[rule]}
    definition = {
        "state": draw(st.sampled_from(["ENABLED"] * 5 + ["DISABLED"])),
        "variants": {name: name for name in VARIANTS},
        "defaultVariant": draw(st.sampled_from(["off", "on", None])),
        **targeting,
    }
    needs = requirable is not None and draw(st.booleans())
    accepted = draw(st.lists(st.sampled_from(VARIANTS), min_size=1, max_size=2, unique=True))
    named = draw(st.lists(st.sampled_from(["ada", "bo", "cy"]), max_size=2, unique=True))
    flag = Flag(
        key,
        definition,
        prerequisites=(Prerequisite(str(requirable), tuple(accepted)),) if needs else (),
        targets={"on": tuple(named)} if named else {},
        off_variant="off" if needs else draw(st.sampled_from(["off", None])),
        killed=draw(st.sampled_from([False] * 5 + [True])),
    )
    flag.check()
    return flag, rule


def expected(
    flags: Mapping[str, tuple[Flag, str]], key: str, user: str | None, plan: str | None
) -> str | None:
    """The variant by the layers' meaning, or None for the default in the code."""
    flag, rule = flags[key]
    if flag.definition["state"] == "DISABLED":
        return None
    if flag.killed:
        return flag.off_variant
    for each in flag.prerequisites:
        if expected(flags, each.flag, user, plan) not in each.variants:
            return flag.off_variant
    for variant, users in flag.targets.items():
        if user in users:
            return variant
    default: str | None = flag.definition["defaultVariant"]
    return own_outcome(rule, in_beta(user, plan)) or default


FLAGS = st.tuples(layered("a", None), layered("b", "a"), layered("c", "b"))


@settings(deadline=None)
@given(FLAGS, st.sampled_from(USERS), st.sampled_from(PLANS))
def test_layers_mean_what_they_say(
    made: tuple[tuple[Flag, str], ...], user: str | None, plan: str | None
) -> None:
    flags = {flag.key: (flag, rule) for flag, rule in made}
    part = published({}, Edit(flags=[flag for flag, _ in made], segments=[BETA]))
    evaluator = compile_flags(part["document"])
    context = {"targetingKey": user} if plan is None else {"targetingKey": user, "plan": plan}
    if user is None:
        del context["targetingKey"]
    for key in flags:
        evaluation = evaluator.evaluate(key, context)
        assert evaluation.error_code is None
        assert evaluation.variant == expected(flags, key, user, plan)


@settings(deadline=None)
@given(FLAGS, st.sampled_from(USERS), st.sampled_from(PLANS))
def test_flagd_sees_the_same(
    made: tuple[tuple[Flag, str], ...], user: str | None, plan: str | None
) -> None:
    part = published({}, Edit(flags=[flag for flag, _ in made], segments=[BETA]))
    document = part["document"]
    alone = {"flags": resolve(document["flags"], document["$evaluators"])}
    flagd = FlagdCore()
    flagd.set_flags(json.dumps(alone))
    attributes = {} if plan is None else {"plan": plan}
    for key, flag in alone["flags"].items():
        ours = compile_flags(document).evaluate(key, {"targetingKey": user, **attributes})
        theirs = flagd.resolve_string_value(key, "code", EvaluationContext(user, attributes))
        if flag["state"] == "DISABLED":
            continue  # the two say "the default in the code" in different ways
        assert theirs.variant == ours.variant


def evaluator(*flags: Flag, segments: tuple[Segment, ...] = ()) -> Evaluator:
    part = published({}, Edit(flags=flags, segments=segments))
    return compile_flags(part["document"])


def flag(key: str, targeting: Any = None, **more: Any) -> Flag:
    definition = {"state": "ENABLED", "variants": {"on": True, "off": False}}
    definition["defaultVariant"] = more.pop("default", "off")
    made = Flag(key, {**definition, **({"targeting": targeting} if targeting else {})}, **more)
    made.check()
    return made


def test_a_prerequisite_under_rollout_moves_with_it() -> None:
    split = Split("r", "salt", "off", "on", 50)
    new = Flag("new", flag("new").definition, split=split)
    inside = flag(
        "inside", default="on", prerequisites=(Prerequisite("new", ("on",)),), off_variant="off"
    )
    both = evaluator(new, inside)
    users = [{"targetingKey": f"user-{number}"} for number in range(200)]
    outer = [both.evaluate("new", user).variant for user in users]
    assert set(outer) == {"on", "off"}
    assert outer == [both.evaluate("inside", user).variant for user in users]


@pytest.mark.parametrize("variant", ["true", "false"])
def test_a_rule_that_says_true_gives_the_variant_true(variant: str) -> None:
    variants = {"true": True, "false": False}
    rule = {"==": [{"var": "plan"}, "pro"]}
    first = Flag(
        "first",
        {"state": "ENABLED", "variants": variants, "defaultVariant": "false", "targeting": rule},
    )
    second = flag(
        "second",
        default="on",
        prerequisites=(Prerequisite("first", (variant,)),),
        off_variant="off",
    )
    both = evaluator(first, second)
    for plan in ("pro", "free"):
        context = {"targetingKey": "ada", "plan": plan}
        met = both.evaluate("first", context).variant == variant
        assert both.evaluate("second", context).variant == ("on" if met else "off")


def test_who_is_named_keeps_the_variant_while_a_rollout_runs() -> None:
    split = Split("r", "salt", "off", "on", 100)
    made = Flag("f", flag("f").definition, targets={"off": ("ada",)}, split=split)
    assert evaluator(made).evaluate("f", {"targetingKey": "ada"}).variant == "off"
    assert evaluator(made).evaluate("f", {"targetingKey": "bo"}).variant == "on"


@pytest.mark.parametrize(
    ("off_variant", "reason", "variant"),
    [
        pytest.param("off", "STATIC", "off", id="off"),
        pytest.param(None, "DISABLED", None, id="code"),
    ],
)
def test_the_kill_switch(off_variant: str | None, reason: str, variant: str | None) -> None:
    split = Split("r", "salt", "off", "on", 100)
    killed = flag(
        "f",
        {"if": [True, "on"]},
        default="on",
        targets={"on": ("ada",)},
        split=split,
        killed=True,
        off_variant=off_variant,
    )
    evaluation = evaluator(killed).evaluate("f", {"targetingKey": "ada"})
    assert (evaluation.reason, evaluation.variant) == (reason, variant)
