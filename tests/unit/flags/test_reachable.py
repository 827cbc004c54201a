"""What a change brings within reach of people, and so must be asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.flags.compile import compile_flags
from functions.flags.composition import Prerequisite
from functions.flags.flag import Flag
from functions.flags.reachable import newly_reachable
from functions.flags.split import Split

PRO = {"==": [{"var": "plan"}, "pro"]}
VARIANTS = {"1": "1", "2": "2", "3": "3"}


def definition(default: str | None = "1", rule: Any = None, **more: Any) -> dict[str, Any]:
    rules = {} if rule is None else {"targeting": rule}
    return {
        "state": "ENABLED",
        "variants": VARIANTS,
        "defaultVariant": default,
        **rules,
        **more,
    }


FLAG = Flag("f", definition())
ARCHIVED, KILLED = replace(FLAG, archived=True), replace(FLAG, killed=True)
NEEDING = replace(FLAG, off_variant="2", prerequisites=(Prerequisite("g", ("on",)),))
SPLIT = Split("r", "salt", "1", "2", 10)

CASES: dict[str, tuple[Flag | None, Flag, set[str]]] = {
    "a new flag": (None, FLAG, {"1"}),
    "another default": (FLAG, replace(FLAG, definition=definition("2")), {"2"}),
    "no default": (FLAG, replace(FLAG, definition=definition(None)), set()),
    "a rule": (FLAG, replace(FLAG, definition=definition(rule={"if": [PRO, "2"]})), {"2"}),
    "a share": (
        FLAG,
        replace(FLAG, definition=definition(rule={"fractional": [["1", 9], ["3", 1]]})),
        {"3"},
    ),
    "a share of nothing": (
        FLAG,
        replace(FLAG, definition=definition(rule={"fractional": [["1", 9], ["3", 0]]})),
        set(),
    ),
    "a rule that doesn't tell": (
        FLAG,
        replace(FLAG, definition=definition(rule={"var": "version"})),
        {"2", "3"},
    ),
    "users who are named": (FLAG, replace(FLAG, targets={"3": ("u",)}), {"3"}),
    "nobody is named": (FLAG, replace(FLAG, targets={"3": ()}), set()),
    "a split": (FLAG, replace(FLAG, split=SPLIT), {"2"}),
    "a split ends": (replace(FLAG, split=SPLIT), FLAG, set()),
    "an edit beside": (FLAG, replace(FLAG, description="x"), set()),
    "a kill would give it": (FLAG, replace(FLAG, off_variant="2"), {"2"}),
    "who lacks a prerequisite": (FLAG, NEEDING, {"2"}),
    "another value": (
        FLAG,
        replace(FLAG, definition=definition(variants={**VARIANTS, "1": "9"})),
        {"1"},
    ),
    "another value of what nobody gets": (
        FLAG,
        replace(FLAG, definition=definition(variants={**VARIANTS, "2": "9"})),
        set(),
    ),
    "disabled": (FLAG, replace(FLAG, definition=definition("2", state="DISABLED")), set()),
    "enabled": (replace(FLAG, definition=definition("2", state="DISABLED")), FLAG, {"1"}),
    "archived": (FLAG, ARCHIVED, set()),
    "restored": (ARCHIVED, FLAG, {"1"}),
    "killed": (FLAG, KILLED, set()),
    "revived": (KILLED, FLAG, {"1"}),
    "an edit beside, while killed": (KILLED, replace(KILLED, description="x"), set()),
    "an edit while killed": (KILLED, replace(KILLED, definition=definition("3")), {"3"}),
}


@pytest.mark.parametrize(("before", "after", "variants"), CASES.values(), ids=CASES.keys())
def test_what_comes_within_reach(before: Flag | None, after: Flag, variants: set[str]) -> None:
    assert set(newly_reachable(before, after)) == variants


NAMES = st.sampled_from(sorted(VARIANTS))
LED_TO = st.recursive(
    st.none() | NAMES,
    lambda inner: (
        st.tuples(inner, inner).map(lambda two: {"if": [PRO, *two]})
        | st.lists(st.tuples(NAMES, st.integers(1, 9)).map(list), min_size=1, max_size=3).map(
            lambda shares: {"fractional": shares}
        )
    ),
    max_leaves=5,
)


@st.composite
def flags(draw: st.DrawFn) -> Flag:
    rule = draw(LED_TO.filter(lambda rule: not isinstance(rule, str)))
    targets = draw(st.dictionaries(NAMES, st.just(("u1",)), max_size=1))
    off = draw(st.none() | NAMES)
    made = replace(FLAG, definition=definition(draw(NAMES), rule), targets=targets, off_variant=off)
    return replace(made, killed=draw(st.booleans()))


@given(flags(), flags(), st.sampled_from(["u1", "u2", "u3"]), st.sampled_from(["pro", "free"]))
def test_nobody_gets_what_was_not_asked_for(
    before: Flag, after: Flag, user: str, plan: str
) -> None:
    """What somebody gets after a change came within reach by it, or was within reach before it."""
    context = {"targetingKey": user, "plan": plan}
    evaluator = compile_flags({"flags": {"f": after.published()}})
    variant = evaluator.evaluate("f", context).variant
    before_it = set(newly_reachable(None, replace(before, killed=False)))
    if variant is not None:
        assert variant in set(newly_reachable(before, after)) | before_it
