"""References are put in structurally, once for all that name them, and within limits."""

from __future__ import annotations

from typing import Any

import pytest

from functions.flags.logic.references import (
    MAXIMUM_DEPTH,
    MAXIMUM_NODES,
    ReferenceLoop,
    Resolver,
    resolve,
)

IS_STAFF = {"ends_with": [{"var": "email"}, "@palier.example"]}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"$ref": "staff"}, IS_STAFF),
        ({"!": {"$ref": "staff"}}, {"!": IS_STAFF}),
        ({"!": [{"$ref": "both"}]}, {"!": [{"and": [IS_STAFF, IS_STAFF]}]}),
        ({"in": [1, {"$ref": "list"}]}, {"in": [1, [1, 2]]}),
        ({"$ref": "nobody"}, {"$ref": "nobody"}),
        ({"$ref": ["staff"]}, {"$ref": ["staff"]}),
        ({"$ref": "staff", "x": 1}, {"$ref": "staff", "x": 1}),
        ({"a": {"$ref": "text"}, "b": 1}, {"a": "hi", "b": 1}),
        ("staff", "staff"),
    ],
)
def test_what_stands_for_what(rule: Any, expected: Any) -> None:
    evaluators = {
        "both": {"and": [{"$ref": "staff"}, {"$ref": "staff"}]},
        "staff": IS_STAFF,
        "list": [1, 2],
        "text": "hi",
    }
    assert resolve(rule, evaluators) == expected


def test_what_is_named_twice_is_one_object() -> None:
    resolver = Resolver({"staff": {"!": [{"$ref": "email"}]}, "email": {"var": "email"}})
    first = resolver.unfold({"if": [{"$ref": "staff"}, "on"]}).rule["if"][0]
    second = resolver.unfold({"!": [{"$ref": "staff"}]}).rule["!"][0]
    assert first is second
    assert resolver.shared[id(first)] is first


def test_a_rule_without_references_comes_back_as_it_is() -> None:
    rule = {"if": [IS_STAFF, "on"]}
    assert resolve(rule, {}) is rule
    assert resolve(rule, {"staff": IS_STAFF}) is rule


CIRCLE = {"a": {"!": [{"$ref": "b"}]}, "b": {"!": [{"$ref": "a"}]}, "well": {"var": "x"}}


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_circle_is_refused(name: str) -> None:
    resolver = Resolver(CIRCLE)
    for _ in range(2):
        with pytest.raises(ReferenceLoop, match="refers to itself"):
            resolver.unfold({"$ref": name})
    assert resolver.unfold({"$ref": "well"}).rule == {"var": "x"}


def doubling(levels: int) -> dict[str, Any]:
    two = {
        f"e{n}": {"and": [{"$ref": f"e{n - 1}"}, {"$ref": f"e{n - 1}"}]} for n in range(1, levels)
    }
    return {"e0": {"var": "x"}, **two}


def test_the_size_is_that_of_the_rule_written_out() -> None:
    resolver = Resolver(doubling(100))
    assert resolver.unfold({"$ref": "e0"}).size == 2  # the operator and the name
    assert resolver.unfold({"$ref": "e1"}).size == 2 + 2 * 2
    assert resolver.unfold({"$ref": "e14"}).size < MAXIMUM_NODES
    for name in ("e15", "e20"):
        with pytest.raises(ReferenceLoop, match="unfolds to more than 100,000 nodes"):
            resolver.unfold({"$ref": name})


def test_a_list_of_plain_values_is_one() -> None:
    names = [f"user-{number}" for number in range(MAXIMUM_NODES)]
    assert resolve({"in": [{"var": "name"}, names]}, {})
    with pytest.raises(ReferenceLoop, match="nodes"):
        resolve({"in": [{"var": "name"}, [*names, {"var": "x"}]]}, {})


def nested(levels: int, inner: Any) -> Any:
    rule = inner
    for _ in range(levels):
        rule = {"!": [rule]}
    return rule


def test_an_evaluator_may_be_too_deep_in_one_place_and_not_in_another() -> None:
    half = MAXIMUM_DEPTH // 4 + 1  # operators, each an object and a list
    resolver = Resolver({"half": nested(half, True)})
    for _ in range(2):
        with pytest.raises(ReferenceLoop, match="nested deeper"):
            resolver.unfold(nested(half, {"$ref": "half"}))
        assert resolver.unfold(nested(half - 4, {"$ref": "half"}))


@pytest.mark.parametrize("name", ["chain-0", "alias-0"])
def test_long_ways_are_too_deep(name: str) -> None:
    evaluators: dict[str, Any] = {"chain-5000": True, "alias-5000": True}
    for number in range(5000):
        evaluators[f"chain-{number}"] = {"!": [{"$ref": f"chain-{number + 1}"}]}
        evaluators[f"alias-{number}"] = {"$ref": f"alias-{number + 1}"}
    with pytest.raises(ReferenceLoop, match="nested deeper"):
        resolve({"$ref": name}, evaluators)
