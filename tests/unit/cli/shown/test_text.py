"""Tables, and JSON in lines."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cli.shown.text import count, laid_out, pairs, table

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=15,
)


def test_a_cell_has_one_line() -> None:
    assert table(("KEY", "WHY"), [("a", "one\ntwo"), ("bcd", "x")]) == (
        "KEY  WHY\na    one two\nbcd  x"
    )


def test_pairs_without_a_value_are_left_out() -> None:
    assert pairs([("owner", "me"), ("tags", ""), ("in", "x")]) == ["  owner  me", "  in     x"]


def test_count() -> None:
    assert [count(number, "flag") for number in (0, 1, 1000)] == [
        "0 flags",
        "1 flag",
        "1,000 flags",
    ]


def test_rules_in_lines() -> None:
    rules = {"if": [{"==": [{"var": "plan"}, "pro"]}, "on", {"$ref": "beta-users"}, "on"]}
    assert laid_out(rules, 100) == [json.dumps(rules)]
    assert laid_out(rules, 50) == [
        "{",
        '  "if": [',
        '    {"==": [{"var": "plan"}, "pro"]},',
        '    "on",',
        '    {"$ref": "beta-users"},',
        '    "on"',
        "  ]",
        "}",
    ]


@settings(max_examples=50)
@given(JSON, st.integers(10, 60))
def test_it_is_still_the_same_json(value: Any, width: int) -> None:
    assert json.loads("\n".join(laid_out(value, width))) == value
