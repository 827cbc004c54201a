"""The pointer and the parts: what goes in comes out, and one content has one name."""

from __future__ import annotations

import datetime
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import published
from functions.errors import PayloadTooLarge
from functions.published import Pointer, canonical, decode_part, encode_part, timestamp

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_a_part_comes_back_as_it_was(content: Any) -> None:
    _, data = encode_part("flags", content, 1.0)
    assert decode_part(data) == content
    assert data["name"] == "flags"


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON, max_size=6))
def test_the_hash_is_of_the_content_alone(content: dict[str, Any]) -> None:
    turned = dict(reversed(content.items()))
    first, _ = encode_part("flags", content, 1.0)
    assert encode_part("flags", turned, 2.0)[0] == first
    assert encode_part("keys", content, 1.0)[0] != first
    assert encode_part("flags", {**content, "one more": 1}, 1.0)[0] != first or (
        content.get("one more") == 1
    )


def test_the_hash_is_pinned() -> None:
    """Old and new bundles run side by side: the same content must have the same name in both."""
    digest, _ = encode_part("flags", {"b": [1, 2.5, None], "a": "é"}, 0.0)
    assert digest == "deb649aaa5788732b5f6fea3cfc940e5"


def test_canonical_json_has_one_spelling() -> None:
    assert canonical({"b": [1, True], "a": "é"}) == '{"a":"é","b":[1,true]}'
    for endless in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="Out of range"):
            canonical(endless)


def test_a_part_that_does_not_fit_a_document_is_refused() -> None:
    noise = random.Random(1).randbytes(published.MAXIMUM_PART_BYTES).hex()
    with pytest.raises(PayloadTooLarge, match=r"The flags of this environment take \d") as caught:
        encode_part("flags", {"noise": noise * 2}, 0.0)
    assert "Archive" in caught.value.remedy


def test_repetitive_content_far_above_the_limit_fits() -> None:
    _, data = encode_part("flags", ["the same flag"] * 400_000, 0.0)
    assert len(data["body"]) < published.MAXIMUM_PART_BYTES


def test_a_pointer_comes_back() -> None:
    pointer = Pointer(7, {"flags": "abc"})
    data = pointer.to_document(12.5)
    assert Pointer.from_document(data) == pointer
    assert data["published_at"] == datetime.datetime(1970, 1, 1, 0, 0, 12, 500_000, datetime.UTC)
    assert json.dumps(data["parts"])


def test_timestamps_are_aware() -> None:
    assert timestamp(0.0).tzinfo is datetime.UTC
