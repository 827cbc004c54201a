"""What an imported document says, and all that is wrong with its form."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.errors import InvalidArgument
from functions.flags.manage.incoming import read
from functions.flags.publication import FLAG, faults, published
from functions.flags.transfer import planned

FLAG_ON = {"state": "ENABLED", "variants": {"on": True}, "defaultVariant": "on"}
RULE = {"==": [{"var": "plan"}, "pro"]}


def test_flagds_form() -> None:
    document = {
        "$schema": "https://flagd.dev/schema/v0/flags.json",
        "metadata": {"team": "reading", "version": 2},
        "flags": {"f": {**FLAG_ON, "metadata": {"version": 3}}, "g": FLAG_ON},
        "$evaluators": {"pro": RULE},
    }
    wanted, locate = read(document)
    assert not wanted.problems
    assert wanted.flags == {
        "f": {"definition": {**FLAG_ON, "metadata": {"team": "reading", "version": 3}}},
        "g": {"definition": {**FLAG_ON, "metadata": {"team": "reading", "version": 2}}},
    }
    assert wanted.segments == {"pro": {"rule": RULE}}
    assert locate(FLAG, "f", "$.state") == "$.flags.f.state"


def test_our_own_form_takes_what_is_named() -> None:
    wanted, locate = read(
        {
            "palier": 1,
            "flags": {"f": {"definition": FLAG_ON, "ends_at": 1.5, "targets": {"on": ["anna"]}}},
            "segments": {"s": {"included": ["anna"]}},
        }
    )
    assert not wanted.problems
    assert wanted.flags["f"] == {
        "definition": FLAG_ON,
        "ends_at": 1.5,
        "targets": {"on": ["anna"]},
    }
    assert wanted.segments == {"s": {"included": ["anna"]}}
    assert locate(FLAG, "f", "$.state") == "$.flags.f.definition.state"


REFUSED: list[Any] = [
    pytest.param({"flags": [FLAG_ON]}, ["$.flags"], id="flags in a list"),
    pytest.param({"flags": 3, "metadata": "x"}, ["$.flags", "$.metadata"], id="no objects"),
    pytest.param({"flag": {}, "sources": []}, ["$.flag", "$.sources"], id="unknown fields"),
    pytest.param(
        {"$evaluators": {"flag:f": RULE, "a b": RULE}},
        ["$['$evaluators']['flag:f']", "$['$evaluators']['a b']"],
        id="evaluators that can't be segments",
    ),
    pytest.param(
        {
            "$evaluators": {"pro": RULE},
            "flags": {
                "f": {**FLAG_ON, "variants": {"a": {"rules": [{"$ref": "pro"}]}}},
                "g": {**FLAG_ON, "variants": {"a": {"$ref": "nobody"}}},
            },
        },
        ["$.flags.f.variants.a"],
        id="an evaluator within a value",
    ),
    pytest.param({"palier": 2}, ["$.palier"], id="a later version"),
    pytest.param(
        {
            "palier": 1,
            "flags": {"f": {"tags": "a", "targets": {"on": [1]}, "colour": 1}, "g": 1},
            "segments": {"s": {"rule": []}},
            "$evaluators": {},
        },
        [
            "$['$evaluators']",
            "$.flags.f.tags",
            "$.flags.f.targets.on[0]",
            "$.flags.f.colour",
            "$.flags.g",
            "$.segments.s.rule",
        ],
        id="our own form, all at once",
    ),
]


@pytest.mark.parametrize(("document", "paths"), REFUSED)
def test_refused_with_every_path(document: dict[str, Any], paths: list[str]) -> None:
    wanted, _ = read(document)
    assert [each.path for each in wanted.problems] == paths
    assert all(each.problem and each.remedy for each in wanted.problems)


@pytest.mark.parametrize("field", ["flags", "$evaluators"])
def test_at_most_500_of_each(field: str) -> None:
    with pytest.raises(InvalidArgument, match="501 in one request") as refusal:
        read({field: {f"k{n}": FLAG_ON for n in range(501)}})
    assert "several requests" in refusal.value.remedy


def test_a_flag_that_is_no_object_is_found_with_the_plan() -> None:
    wanted, _ = read({"flags": {"f": "on"}, "metadata": {"a": 1}})
    assert wanted.flags == {"f": {"definition": "on"}}


def test_a_flood_is_counted_and_not_told() -> None:
    unknown = {f"{'x' * 200}{n}": 1 for n in range(1_000)}
    wanted, _ = read(unknown)
    assert len(wanted.problems) == 50
    assert max(len(each.path) for each in wanted.problems) < 200
    wanted, _ = read({"palier": 1, "flags": {"f": {"definition": FLAG_ON, **unknown}}})
    assert [each.problem for each in wanted.problems] == ["It is not as expected, in 1,000 places."]


def test_depth_is_no_trouble() -> None:
    deep: Any = {"$ref": "pro"}
    for _ in range(2_000):
        deep = {"a": [deep]}
    wanted, _ = read(
        {"$evaluators": {"pro": RULE}, "flags": {"f": {**FLAG_ON, "variants": {"on": deep}}}}
    )
    assert [each.path for each in wanted.problems] == ["$.flags.f.variants.on"]


NAMES = st.sampled_from(
    ["f", "on", "a b", "$ref", "if", "var", "fractional", "state", "variants", "targeting", "rule"]
)
RUBBISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["on", "f", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    ["palier", "flags", "segments", "$evaluators", "metadata", "$schema", "other"]
)
LIKE_A_FLAG = st.fixed_dictionaries(
    {"state": st.just("ENABLED"), "variants": st.just({"on": True, "off": False})},
    optional={"targeting": RUBBISH, "defaultVariant": RUBBISH, "metadata": RUBBISH},
)
MEMBERS = st.dictionaries(NAMES, st.one_of(LIKE_A_FLAG, RUBBISH), max_size=3)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(FIELDS, st.one_of(MEMBERS, RUBBISH, st.just(1)), max_size=4))
def test_whatever_is_sent_it_is_a_plan_or_problems(document: dict[str, Any]) -> None:
    wanted, locate = read(document)
    plan = planned(wanted, {}, {}, locate)
    list(faults(published({}, plan.edit), plan.edit))
    assert all(each.path.startswith("$") for each in plan.problems)
