"""The hash is flagd's own, to the bit."""

from __future__ import annotations

from typing import Any

import cbor2
import mmh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.flags.logic.bucketing import (
    boundaries,
    bucket,
    cbor_text,
    hash_second,
    hash_value,
    pair_head,
)


@given(st.text(max_size=400))
def test_texts_are_encoded_as_cbor_does(text: str) -> None:
    assert cbor_text(text) == cbor2.dumps(text, canonical=True)


@pytest.mark.parametrize("size", [23, 24, 255, 256, 65_535, 65_536])
def test_heads_at_their_edges(size: int) -> None:
    assert cbor_text("x" * size) == cbor2.dumps("x" * size, canonical=True)


@given(st.text(), st.text())
def test_pairs(first: str, second: str) -> None:
    expected = mmh3.hash(cbor2.dumps([first, second], canonical=True), signed=False)
    assert hash_second(pair_head(first), second) == expected == hash_value([first, second])


@pytest.mark.parametrize(("value", "like"), [(1.0, 1), ({"a": [2.0]}, {"a": [2]}), (-0.0, 0)])
def test_whole_floats_are_integers(value: Any, like: Any) -> None:
    assert hash_value(value) == hash_value(like)


def test_half_a_surrogate_pair_has_no_hash() -> None:
    assert hash_value("\ud800") is None
    assert hash_second(pair_head("f"), "\ud800") is None
    assert hash_value(["\ud800"]) is None


def test_buckets_fill_their_range() -> None:
    assert bucket(0, 100) == 0
    assert bucket(2**31, 100) == 50
    assert bucket(2**32 - 1, 100) == 99


@pytest.mark.parametrize(
    ("weights", "sums"),
    [([1, 2], [1, 3]), ([0, 0], None), ([], None), ([-5, 1], [0, 1]), ([2**31], None)],
)
def test_boundaries(weights: list[int], sums: list[int] | None) -> None:
    assert boundaries(weights) == sums
