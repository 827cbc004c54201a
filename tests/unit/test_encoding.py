"""A write is encoded as Firestore's own library encodes it, or left to it."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.cloud import firestore
from google.cloud.firestore_v1 import _helpers
from google.cloud.firestore_v1.types import Write
from hypothesis import given
from hypothesis import strategies as st

from functions import encoding

NAME = "projects/p/databases/(default)/documents/applications/main"
VERSION: Any = DatetimeWithNanoseconds(  # type: ignore[no-untyped-call]
    2026, 3, 1, 12, 30, 15, nanosecond=123_456_789, tzinfo=UTC
)
OPTION = _helpers.LastUpdateOption(VERSION.timestamp_pb())

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=-5, minutes=30))])
TIMES = st.timedeltas(timedelta(days=-700_000), timedelta(days=2_000_000)).flatmap(
    lambda shift: ZONES.map(
        lambda zone: (datetime(2026, 1, 1, tzinfo=UTC) + shift).astimezone(zone)
    )
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    TEXTS,
    st.binary(max_size=20),
    TIMES,
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(TEXTS.filter(bool), inner, max_size=4)
    ),
    max_leaves=12,
)
NAMES = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_]{0,8}", fullmatch=True)
DOCUMENTS = st.dictionaries(NAMES, VALUES, min_size=1, max_size=6)


def same(ours: Any, theirs: Any) -> None:
    assert Write.pb(ours) == Write.pb(theirs)


@given(DOCUMENTS)
def test_a_document_that_is_made(data: dict[str, Any]) -> None:
    [theirs] = _helpers.pbs_for_create(NAME, data)
    same(encoding.created(NAME, data), theirs)


@given(DOCUMENTS)
def test_a_document_that_is_replaced(data: dict[str, Any]) -> None:
    [theirs] = _helpers.pbs_for_set_no_merge(NAME, data)
    same(encoding.replaced(NAME, data), theirs)


@given(DOCUMENTS)
def test_fields_that_are_replaced(data: dict[str, Any]) -> None:
    [theirs] = _helpers.pbs_for_update(NAME, data, OPTION)
    same(encoding.updated(NAME, data, VERSION), theirs)


def test_what_is_no_number() -> None:
    ours = Write.pb(encoding.created(NAME, {"a": math.nan}))
    assert math.isnan(ours.update.fields["a"].double_value)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(VERSION, id="a time as it was read"),
        pytest.param(datetime(2026, 1, 1), id="a time without a zone"),  # noqa: DTZ001
        pytest.param(firestore.SERVER_TIMESTAMP, id="the server's time"),
        pytest.param(firestore.Increment(1), id="adding"),
        pytest.param({"a": [{"b": firestore.GeoPoint(1, 2)}]}, id="deep inside"),
        pytest.param({1: 2}, id="a key that is no text"),
        pytest.param({1, 2}, id="a set"),
    ],
)
@pytest.mark.parametrize("encode", [encoding.created, encoding.replaced])
def test_what_is_left_to_the_library(encode: Callable[..., Any], value: Any) -> None:
    with pytest.raises(encoding.Unknown):
        encode(NAME, {"before": 1, "field": value})


@pytest.mark.parametrize("name", ["a.b", "a-b", "", "é", "1a", "`a`", "__name__", "a\n"])
def test_names_that_are_left_to_the_library(name: str) -> None:
    with pytest.raises(encoding.Unknown):
        encoding.updated(NAME, {name: 1}, VERSION)


@pytest.mark.parametrize("value", [2**63, "\ud800"])
def test_what_no_document_can_hold(value: Any) -> None:
    for encode in (encoding.created, lambda name, data: _helpers.pbs_for_create(name, data)):
        with pytest.raises(ValueError, match=r"."):
            encode(NAME, {"field": value})
