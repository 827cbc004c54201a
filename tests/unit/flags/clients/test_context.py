"""The evaluation context of a request: what is taken, and what is too much."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.flags.clients.context import (
    INVALID_CONTEXT,
    MAXIMUM_DEPTH,
    MAXIMUM_VALUES,
    BadContext,
    checked_context,
    read_context,
)
from functions.flags.evaluation import PARSE_ERROR


def refused(body: bytes) -> str:
    with pytest.raises(BadContext) as error:
        read_context(body)
    return error.value.code


def body(context: Any) -> bytes:
    return json.dumps({"context": context}).encode()


def deep(levels: int) -> Any:
    value: Any = 1
    for number in range(levels):
        value = [value] if number % 2 else {"a": value}
    return value


@pytest.mark.parametrize("text", [b"", b"{}", b'{"context": null}', b'{"context": {}}'])
def test_no_context(text: bytes) -> None:
    assert read_context(text) == {}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"{", PARSE_ERROR),
        (b"null", PARSE_ERROR),
        (b"[]", PARSE_ERROR),
        (b'"context"', PARSE_ERROR),
        (b'{"context": NaN}', PARSE_ERROR),
        (b'{"context": {"a": Infinity}}', PARSE_ERROR),
        (b'{"context": {"a": "\xff\xfe"}}', PARSE_ERROR),
        (b'\xef\xbb\xbf{"context": {}}', PARSE_ERROR),
        (b'{"context": {"a": 1}} {}', PARSE_ERROR),
        (b'{"context": {"a": "\\ud800"}}', PARSE_ERROR),
        (b'{"context": []}', INVALID_CONTEXT),
        (b'{"context": 1}', INVALID_CONTEXT),
        (b'{"context": "a"}', INVALID_CONTEXT),
        (b'{"context": {"targetingKey": 1}}', INVALID_CONTEXT),
        (b'{"context": {"targetingKey": ["a"]}}', INVALID_CONTEXT),
        (b"[" * 10_000, INVALID_CONTEXT),
        (b"[" * 900 + b"]" * 900, PARSE_ERROR),
    ],
)
def test_what_is_refused(text: bytes, code: str) -> None:
    assert refused(text) == code


def test_the_last_of_several_counts() -> None:
    """As in every JSON reader in wide use."""
    text = b'{"context": {"a": 1}, "context": {"a": 2, "a": 3}}'
    assert read_context(text) == {"a": 3}


def test_depth() -> None:
    assert read_context(body({"a": deep(MAXIMUM_DEPTH - 1)}))
    assert refused(body({"a": deep(MAXIMUM_DEPTH)})) == INVALID_CONTEXT
    assert refused(body({"a": deep(400)})) == INVALID_CONTEXT


def values(value: Any) -> int:
    """How many values stand in a context, objects and lists included."""
    if not isinstance(value, (dict, list)):
        return 0
    children = value.values() if isinstance(value, dict) else value
    return len(value) + sum(map(values, children))


@pytest.mark.parametrize(
    "make",
    [
        lambda number: {f"a{index}": 1 for index in range(number)},
        lambda number: {"a": [1] * (number - 1)},
        lambda number: {"a": [[1] for _ in range((number - 1) // 2)]},
    ],
    ids=["attributes", "a list", "lists"],
)
def test_values_in_all(make: Any) -> None:
    few, many = make(MAXIMUM_VALUES // 2), make(MAXIMUM_VALUES + 3)
    assert read_context(body(few)) == checked_context(few) == few
    with pytest.raises(BadContext, match="too many values"):
        checked_context(many)
    assert refused(body(many)) == INVALID_CONTEXT


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=3).map("a{}".format), JSON, max_size=5))
def test_a_body_never_holds_more_values_than_are_counted_before(context: dict[str, Any]) -> None:
    text = body(context)
    assert values({"context": context}) <= text.count(b",") + text.count(b"[") + text.count(b"{")
