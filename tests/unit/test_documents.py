"""Ids of documents: other parts, another id, whatever names people choose."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from functions.documents import LONGEST_PART, document_id

names = st.text(max_size=120) | st.text("a_/%~.é", max_size=8)


@given(st.tuples(names, names, names), st.tuples(names, names, names))
def test_other_parts_have_another_id(some: tuple[str, ...], others: tuple[str, ...]) -> None:
    assert (document_id(*some) == document_id(*others)) == (some == others)


@given(names, names)
def test_an_id_is_one_that_firestore_takes(service: str, version: str) -> None:
    found = document_id(1_800_000_000, service, version, 3, "0f" * 8)
    assert found.isascii()
    assert "/" not in found
    assert found.count("_") == 4
    assert len(found) < 1_500


def test_usual_names_stand_as_they_are() -> None:
    found = document_id(1_800_000_000, "stories", "1.3.0-rc.1+claimed", 3, "0f")
    assert found == "1800000000_stories_1.3.0-rc.1+claimed_3_0f"


def test_names_that_would_be_paths_or_each_other() -> None:
    assert document_id("checkout", "new/checkout") == "checkout_new%2Fcheckout"
    assert document_id("checkout", "flow_b") != document_id("checkout_flow", "b")
    assert document_id("100%", "é") == "100%25_%C3%A9"


def test_long_names_are_told_apart_by_their_end() -> None:
    long = "é" * 100
    assert document_id(long + "a") != document_id(long + "b")
    assert len(document_id(long)) <= LONGEST_PART
    assert document_id("x" * LONGEST_PART) == "x" * LONGEST_PART
