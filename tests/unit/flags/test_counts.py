"""Counts as an instance writes them down, and labels."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.flags.counts import (
    LABELS_A_DOCUMENT,
    Served,
    document_name,
    label_of,
    together,
    variant_of,
)
from functions.flags.evaluation import DEFAULT, STATIC, Evaluation, failure

NOW = 1_800_000_042.5
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
COUNTS = st.dictionaries(
    NAMES, st.dictionaries(NAMES, st.integers(1, 10**12), min_size=1, max_size=4), max_size=6
)
FIRESTORE_BYTES = 1_048_576


def total(counts: object) -> list[tuple[str, str, int]]:
    assert isinstance(counts, dict)
    return sorted((key, label, n) for key, each in counts.items() for label, n in each.items())


@given(COUNTS)
def test_what_is_written_is_read(counts: dict[str, dict[str, int]]) -> None:
    served = Served(counts, NOW - 60, NOW)
    assert Served.from_document(served.to_document("instance", 3, NOW)) == served


@given(COUNTS, COUNTS)
def test_together(one: dict[str, dict[str, int]], other: dict[str, dict[str, int]]) -> None:
    both = together(Served(one, 5, 6), Served(other, 4, 5.5))
    assert (both.first_at, both.last_at) == (4, 6)
    for key, label, number in total(both.counts):
        parts = [each.get(key, {}).get(label, 0) for each in (one, other)]
        assert number == sum(parts)
    assert set(both.counts) == set(one) | set(other)
    assert together(None, Served(one, 5, 6)) == Served(one, 5, 6)


@given(COUNTS, st.integers(1, 5))
def test_pieces_are_the_whole(counts: dict[str, dict[str, int]], labels: int) -> None:
    pieces = list(Served(counts, 1, 2).pieces(labels))
    assert sorted(entry for piece in pieces for entry in total(piece.counts)) == total(counts)
    assert all(1 <= len(total(piece.counts)) <= labels for piece in pieces)


def test_a_piece_fits_into_a_document() -> None:
    """The longest names, in letters that compress badly."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"
    chance = random.Random(7)
    name = ["".join(chance.choices(letters, k=100)) for _ in range(2 * LABELS_A_DOCUMENT)]
    counts = {name[2 * n]: {name[2 * n + 1]: 10**9 + n} for n in range(LABELS_A_DOCUMENT)}
    document = Served(counts, 1, 2).to_document("instance", 1, NOW)
    assert len(document["counts"]) < FIRESTORE_BYTES * 0.9


@pytest.mark.parametrize(
    ("evaluation", "label", "variant"),
    [
        (Evaluation(True, "on", STATIC), "on", "on"),
        (Evaluation(None, None, DEFAULT), "", ""),
        (failure("GENERAL", "x"), "!GENERAL", None),
        (Evaluation(1, "!GENERAL", STATIC), "!!GENERAL", "!GENERAL"),
        (Evaluation(1, "!", STATIC), "!!", "!"),
    ],
)
def test_labels(evaluation: Evaluation, label: str, variant: str | None) -> None:
    assert label_of(evaluation) == label
    assert variant_of(label) == variant


def test_a_document_is_named_for_its_minute() -> None:
    assert document_name(NOW, "abc", 7) == "1800000000_abc_7"


def test_nothing_of_a_user_is_in_it() -> None:
    document = Served({"f": {"on": 1}}, NOW, NOW).to_document("i", 1, NOW)
    assert set(document) == {
        "instance", "sequence", "counts", "first_at", "last_at", "written_at", "expires_at",
    }  # fmt: skip
    assert json.dumps(sorted(Served.from_document(document).counts)) == '["f"]'
