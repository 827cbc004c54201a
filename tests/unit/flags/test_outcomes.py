"""What a flag can give, read off its rules: never less than what evaluating it gives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.flags.compile import compile_flags
from functions.flags.outcomes import outcomes

PRO = {"==": [{"var": "plan"}, "pro"]}
CASES: list[Any] = [
    pytest.param(None, {"off"}, id="no rules"),
    pytest.param({}, {"off"}, id="empty rules"),
    pytest.param({"if": [PRO, "on"]}, {"on", "off"}, id="some"),
    pytest.param({"if": [PRO, "off"]}, {"off"}, id="some get the same"),
    pytest.param({"if": [PRO, "on", "on"]}, {"on"}, id="all get another than the default"),
    pytest.param({"if": [PRO, "on", None]}, {"on", "off"}, id="null is the default"),
    pytest.param({"if": [PRO, {"if": [PRO, "off", "off"]}, "off"]}, {"off"}, id="within"),
    pytest.param({"?:": [PRO, "on", "on"]}, {"on"}, id="the other spelling"),
    pytest.param({"fractional": [["on", 1], ["off", 0]]}, {"on", "off"}, id="who has no key"),
    pytest.param({"fractional": [["off", 1], ["on", 0]]}, {"off"}, id="a share of nothing"),
    pytest.param({"fractional": [["off"]]}, {"off"}, id="a share without a weight"),
    pytest.param({"fractional": [{"var": "x"}, ["off", 5]]}, {"off"}, id="hashes an attribute"),
    pytest.param({"fractional": [[{"var": "x"}, 5]]}, None, id="a share from the context"),
    pytest.param({"var": "variant"}, None, id="a name from the context"),
    pytest.param({"if": [PRO, {"$ref": "other"}]}, None, id="a reference"),
    pytest.param({"if": [PRO, True]}, None, id="true may be a name"),
    pytest.param({"if": "off"}, None, id="a form of its own"),
]


def definition(targeting: Any, default: str | None = "off", state: str = "ENABLED") -> Any:
    return {
        "state": state,
        "variants": {"on": True, "off": False},
        "defaultVariant": default,
        "targeting": targeting,
    }


@pytest.mark.parametrize(("targeting", "possible"), CASES)
def test_what_it_can_give(targeting: Any, possible: set[str] | None) -> None:
    assert outcomes(definition(targeting)) == possible


def test_the_default_in_the_code() -> None:
    no_default = outcomes(definition({"if": [PRO, "on"]}, default=None))
    assert no_default == frozenset({"on", None})
    assert outcomes(definition({"if": [PRO, "on"]}, state="DISABLED")) == frozenset({None})


def test_those_who_have_no_targeting_key_aside() -> None:
    def hashed(targeting: Any) -> Any:
        return outcomes(definition(targeting), unhashed=False)

    all_on = {"fractional": [["on", 100], ["off", 0]]}
    assert hashed(all_on) == hashed({"if": [PRO, all_on, "on"]}) == {"on"}
    assert hashed({"if": [PRO, all_on]}) == {"on", "off"}
    assert hashed({"fractional": [["on", 0]]}) == frozenset()


NAMES = st.sampled_from(["on", "off"])
CONDITIONS = st.sampled_from([PRO, True, False, {"!": [PRO]}, {"var": "targetingKey"}])
SHARES = st.lists(st.tuples(NAMES, st.integers(0, 3)).map(list), min_size=1, max_size=3)
RULES: Any = st.recursive(
    NAMES | st.none() | SHARES.map(lambda shares: {"fractional": shares}),
    lambda inner: st.lists(st.tuples(CONDITIONS, inner).map(list), min_size=1, max_size=3).flatmap(
        lambda pairs: st.lists(inner, max_size=1).map(
            lambda last: {"if": [*(each for pair in pairs for each in pair), *last]}
        )
    ),
    max_leaves=8,
)
CONTEXTS = st.fixed_dictionaries(
    {}, optional={"targetingKey": st.text(max_size=5), "plan": st.sampled_from(["pro", "free"])}
)


@settings(max_examples=100, deadline=None)
@given(RULES, st.sampled_from(["on", "off", None]), st.lists(CONTEXTS, max_size=5))
def test_nobody_gets_anything_else(rule: Any, default: str | None, contexts: list[Any]) -> None:
    targeting = {"if": [False, "on", rule]}
    made = definition(targeting, default)
    possible = outcomes(made)
    assert possible is not None
    evaluator = compile_flags({"flags": {"f": made}})
    for context in contexts:
        evaluation = evaluator.evaluate("f", context)
        if evaluation.error_code is None:
            assert evaluation.variant in possible
