"""Caps keep the same names and lose no count, in whatever order parts come together."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from functions.metrics.labels import OTHER, capped, moved

CAP = 3
parts = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 9), max_size=CAP)

Counts = Mapping[str, int]
Some = tuple[Counts, int]
"""Counts, and how much went to `other` so far."""


def together(first: Some, second: Some) -> Some:
    (left, before), (right, beside) = first, second
    added = {name: left.get(name, 0) + right.get(name, 0) for name in {**left, **right}}
    merged = capped(added, CAP, OTHER, operator.add)
    return merged, before + beside + moved(merged, left, right, OTHER, int)


@given(st.lists(parts, min_size=1, max_size=8), st.randoms())
def test_any_order_comes_to_the_same(given_parts: list[Counts], chance: object) -> None:
    leaves: list[Some] = [(part, 0) for part in given_parts]
    straight = reduce(together, leaves)
    tree = list(leaves)
    chance.shuffle(tree)  # type: ignore[attr-defined]
    while len(tree) > 1:
        place = chance.randrange(len(tree) - 1)  # type: ignore[attr-defined]
        tree[place : place + 2] = [together(tree[place], tree[place + 1])]
    assert tree[0] == straight


@given(st.lists(parts, min_size=1, max_size=8))
def test_the_first_of_the_alphabet_stay_and_the_rest_is_counted(given_parts: list[Counts]) -> None:
    leaves: list[Some] = [(part, 0) for part in given_parts]
    merged, overflow = reduce(together, leaves)
    names = sorted({name for part in given_parts for name in part})
    totals = {name: sum(part.get(name, 0) for part in given_parts) for name in names}
    rest = sum(totals[name] for name in names[CAP:])
    assert {name: merged[name] for name in names[:CAP]} == {n: totals[n] for n in names[:CAP]}
    assert overflow == merged.get(OTHER, 0) == rest
