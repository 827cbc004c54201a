"""Rules, contexts and definitions that hypothesis makes up: whatever JSON can hold, and more."""

from __future__ import annotations

import json
import math
from typing import Any

from hypothesis import strategies as st

MISSING = object()

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
    st.sampled_from(["e\u0301", "\x00", "\ud800", "٣", "ß", "İ", "\u200b", "👩‍🚀"]),
    versions,
    st.text(max_size=5),
)
numbers = st.one_of(
    st.integers(-20, 20),
    st.sampled_from([0.0, -0.0, 0.5, 1.0, -1.5, 2.0**53, 1e21, 1e-7, 2**31, 2**63, 2**64, 10**30]),
    st.sampled_from([10**400, math.nan, math.inf, -math.inf, 5e-324, 1.7e308, -(2**63) - 1, 1e300]),
    st.floats(allow_nan=False, allow_infinity=False),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from("abcxy"), inner, max_size=3)
    ),
    max_leaves=6,
)
variant_names = st.sampled_from(
    ["on", "off", "true", "false", "1", "1.0", "none", "é", "big", "whole", "huge"]
)

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


leaves = st.one_of(scalars, values, names.map(lambda name: {"var": name}), variant_names)
rules = st.recursive(
    leaves,
    lambda inner: st.one_of(_operations(inner), st.lists(inner, max_size=3)),
    max_leaves=12,
)
targetings = st.one_of(
    _operations(rules),
    st.tuples(rules, variant_names, variant_names).map(lambda parts: {"if": list(parts)}),
)
keys = st.sampled_from(["user-1", "user-2", "user-3"])
contexts = st.fixed_dictionaries(
    {},
    optional={
        "a": values,
        "b": values,
        "user": st.one_of(st.fixed_dictionaries({"name": values}), values),
        "list": st.lists(values, max_size=4),
        "é": st.just({"ü": "hi"}),
        "targetingKey": st.one_of(texts, keys, keys, values),
        "0": values,
        "$flagd": st.one_of(values, st.just({"flagKey": "mine", "timestamp": 1})),
    },
)
VARIANTS: dict[str, Any] = {
    "on": True, "off": False, "true": 1, "false": 0.5, "1": "eins", "1.0": {"x": 1}, "none": None,
    "é": "ü", "big": 10**12, "whole": 2.0, "huge": 10**400,
}  # fmt: skip


# Evaluators, as far as flagd-core can paste them into rules as text: plain ASCII without
# backslashes, each naming later ones only.

EVALUATORS = ("e0", "e 1", "e2")
references = st.sampled_from([*EVALUATORS, "nobody"]).map(lambda name: {"$ref": name})
referring = st.recursive(
    st.one_of(leaves, references, references),
    lambda inner: st.one_of(_operations(inner), st.lists(inner, max_size=3)),
    max_leaves=10,
)


def plain(rule: Any, after: int = -1) -> Any:
    """The rule in plain ASCII, and without references up to EVALUATORS[after]."""
    if isinstance(rule, str):
        return "".join(sign if json.dumps(sign) == f'"{sign}"' else "_" for sign in rule)
    if isinstance(rule, list):
        return [plain(item, after) for item in rule]
    if not isinstance(rule, dict):
        return rule
    if rule.get("$ref") in EVALUATORS[: after + 1]:
        return {"$ref": "nobody"}
    return {plain(key): plain(item, after) for key, item in rule.items()}


plain_targetings = st.one_of(
    _operations(referring), st.tuples(referring, references).map(lambda pair: {"if": list(pair)})
).map(plain)
evaluators = st.tuples(referring, referring, referring).map(
    lambda each: {name: plain(each[place], place) for place, name in enumerate(EVALUATORS)}
)

# Whole definitions, sound and broken

metadata = st.one_of(
    st.none(),
    st.dictionaries(
        st.sampled_from(["", "owner", "both", "set"]),
        st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=3), values),
        max_size=2,
    ),
    st.sampled_from([["x"], "x", 1]),
)
sound_metadata = st.dictionaries(
    st.sampled_from(["owner", "both", "set", "é"]),
    st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=3)),
    max_size=3,
)
definitions = st.fixed_dictionaries(
    {},
    optional={
        "state": st.sampled_from(["ENABLED"] * 6 + ["DISABLED", "enabled", "", None, 1, True]),
        "variants": st.sampled_from([VARIANTS] * 6 + [{"on": 1}, {}, None, [], ["on"], "on", 1]),
        "defaultVariant": st.one_of(variant_names, values, st.just("nobody")),
        "targeting": st.one_of(targetings, values, st.lists(rules, max_size=1)),
        "metadata": metadata,
    },
)
