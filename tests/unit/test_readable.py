"""Definitions that a later bundle wrote, or that were damaged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from functions.readable import number, readable, texts


def _limit(name: str, definition: Mapping[str, Any]) -> tuple[str, float]:
    return name, number(definition["limit"])


def test_one_that_can_not_be_read_takes_no_other_with_it() -> None:
    found, unreadable = readable(
        {"z": {"limit": 2}, "b": {"limit": "2"}, "c": {}, "a": {"limit": 0.5}}, _limit
    )
    assert list(found.items()) == [("a", ("a", 0.5)), ("z", ("z", 2))]
    assert unreadable == ("b", "c")


@pytest.mark.parametrize("value", [True, "1", None, [1]])
def test_what_is_no_number(value: object) -> None:
    with pytest.raises(ValueError, match="a number is expected"):
        number(value)


def test_what_is_no_text() -> None:
    texts(["", "a"])
    with pytest.raises(ValueError, match="a text is expected"):
        texts(["a", 1])
