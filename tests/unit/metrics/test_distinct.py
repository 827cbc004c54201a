"""The sample of users against the exact set of them."""

from __future__ import annotations

from functools import partial, reduce
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metrics.distinct import BITS, KEPT, NOBODY, Users, merge, of, rank

FEW = 8
few = partial(merge, kept=FEW)
hashes = st.integers(0, 60).map("{:016x}".format)
crowds = st.lists(hashes, max_size=40)


def sample(users: list[str], kept: int = KEPT) -> Users:
    return reduce(partial(merge, kept=kept), map(of, users), NOBODY)


def exactly(users: set[str], kept: int) -> Users:
    """By the definition: the lowest level at which all ranks below its bound can be kept."""
    ranks = {rank(user) for user in users}
    for level in range(BITS + 1):
        below = {each for each in ranks if each < 1 << (BITS - level)}
        if len(below) <= kept:
            return Users(frozenset(below), level)
    raise AssertionError("even one rank is too many")


@given(crowds, st.randoms())
def test_the_sum_of_samples_is_the_sample_of_all(users: list[str], random: Random) -> None:
    """In any order, in any groups, however often somebody came."""
    parts = [of(user) for user in users]
    random.shuffle(parts)
    while len(parts) > 1:
        one = parts.pop(random.randrange(len(parts)))
        other = parts.pop(random.randrange(len(parts)))
        parts.append(few(one, other))
    assert (parts or [NOBODY])[0] == exactly(set(users), FEW)


@given(crowds, crowds)
def test_below_the_limit_the_union_is_exact(first: list[str], second: list[str]) -> None:
    both = merge(sample(first), sample(second))
    assert both.ranks == {rank(user) for user in first + second}
    assert both.estimate == len(set(first + second))


@given(crowds, crowds)
def test_a_large_sample_of_small_ones_knows_what_they_know(
    first: list[str], second: list[str]
) -> None:
    """Slots keep fewer than a stage: the sum is everybody below the bound of the coarser one."""
    parts = [sample(users, kept=FEW) for users in (first, second)]
    both = merge(parts[0], parts[1])
    assert both.level == max(part.level for part in parts)
    everybody = {rank(user) for user in first + second}
    assert both.ranks == {each for each in everybody if each < 1 << (BITS - both.level)}


@given(st.frozensets(st.integers(0, 2**BITS - 1), max_size=20), st.integers(0, BITS))
def test_a_sample_comes_back_from_its_text(ranks: frozenset[int], level: int) -> None:
    assert Users.from_text(Users(ranks, level).to_text()) == Users(ranks, level)


@pytest.mark.parametrize("number", [1_000, 20_000])
def test_many_users_are_estimated(number: int) -> None:
    """Five standard errors of what a sample of at least a quarter of KEPT tells."""
    slots = [[f"user-{each}" for each in range(first, number, 20)] for first in range(20)]
    found = reduce(merge, [sample(slot, kept=64) for slot in slots])
    assert KEPT / 4 < len(found.ranks) <= KEPT
    assert found.estimate == pytest.approx(number, rel=5 / len(found.ranks) ** 0.5)


def test_who_is_no_user_is_not_counted() -> None:
    assert of("") == NOBODY
    assert not NOBODY
    assert of("c0ffee")
    assert Users(level=3), "nobody below its bound is not nobody at all"


def test_a_full_sample_is_short() -> None:
    assert len(Users(frozenset(range(2**BITS - KEPT, 2**BITS))).to_text()) < 5_500
