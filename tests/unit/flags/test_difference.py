"""Applied to the one value, the differences give the other; there are none only for the same."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.flags.difference import NOTHING, Difference, differences
from functions.published import canonical

SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([1.0, 0.5, "", "a", "é"])
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(["a", "b", "if", "a b", ""]), inner, max_size=4)
    ),
    max_leaves=25,
)


def applied(value: Any, found: list[Difference]) -> Any:
    """As anybody would carry them out, one after the other."""
    root = [copy.deepcopy(value)]
    for difference in found:
        place: Any = root
        *way, last = (0, *difference.steps)
        for step in way:
            place = place[step]
        if difference.after is NOTHING:
            del place[last]
        elif difference.before is NOTHING and isinstance(place, list):
            place.insert(int(last), difference.after)
        else:
            place[last] = difference.after
    return root[0]


@settings(max_examples=100, deadline=None)
@given(JSON, JSON)
def test_applied_to_the_one_they_give_the_other(one: Any, other: Any) -> None:
    assert canonical(applied(one, differences(one, other))) == canonical(other)


@settings(max_examples=60, deadline=None)
@given(JSON, JSON)
def test_none_at_all_only_for_the_same(one: Any, other: Any) -> None:
    assert (differences(one, other) == []) == (canonical(one) == canonical(other))
    assert differences(one, copy.deepcopy(one)) == []


@settings(max_examples=60, deadline=None)
@given(JSON, JSON)
def test_what_was_there_is_told(one: Any, other: Any) -> None:
    """Each `before` stands in the one at its path, each `after` in the other."""
    for difference in differences(one, other):
        for value, side in ((one, difference.before), (other, difference.after)):
            if side is not NOTHING:
                for step in difference.steps:
                    value = value[step]
                assert canonical(value) == canonical(side)


CASES: list[Any] = [
    pytest.param({"a": 1}, {"a": 1.0}, [("$.a", 1, 1.0)], id="1 and 1.0"),
    pytest.param({"a": 1}, {"a": True}, [("$.a", 1, True)], id="1 and true"),
    pytest.param({"a": None}, {}, [("$.a", None, NOTHING)], id="null and nothing"),
    pytest.param(
        {"if": [{"==": [{"var": "plan"}, "pro"]}, "on"]},
        {"if": [{"var": "staff"}, "on", {"==": [{"var": "plan"}, "pro"]}, "on"]},
        [
            ("$.if[0]", NOTHING, {"var": "staff"}),
            ("$.if[1]", NOTHING, "on"),
        ],
        id="a rule put in ahead of others",
    ),
    pytest.param(
        {"if": ["a", "x", "b", "y", "c"]},
        {"if": ["a", "x", "c"]},
        [("$.if[3]", "y", NOTHING), ("$.if[2]", "b", NOTHING)],
        id="a rule taken out, from the last to the first",
    ),
    pytest.param(
        {"var": "x", "share": [["on", 10], ["off", 90]]},
        {"var": "x", "share": [["on", 20], ["off", 80]]},
        [("$.share[0][1]", 10, 20), ("$.share[1][1]", 90, 80)],
        id="shares",
    ),
    pytest.param({"a-b": 1}, {"a-b": 2}, [("$['a-b']", 1, 2)], id="a name that wants quotes"),
    pytest.param([1], {"0": 1}, [("$", [1], {"0": 1})], id="another kind of value"),
]


@pytest.mark.parametrize(("one", "other", "expected"), CASES)
def test_as_it_is_told(one: Any, other: Any, expected: list[tuple[str, Any, Any]]) -> None:
    found = [(each.path, each.before, each.after) for each in differences(one, other)]
    assert canonical([path for path, *_ in found]) == canonical([path for path, *_ in expected])
    assert [sides for _, *sides in found] == [sides for _, *sides in expected]


def test_what_is_not_there_is_left_out() -> None:
    [added] = differences({}, {"a": None})
    assert added.to_dict() == {"path": "$.a", "after": None}
    [removed] = differences({"a": None}, {})
    assert removed.to_dict() == {"path": "$.a", "before": None}
