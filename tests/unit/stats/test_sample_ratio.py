"""The sequential test of the sample ratio: its formula, its bet, and what it finds."""

from __future__ import annotations

import math

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from functions.stats.sample_ratio import Sampled, arrived_share, log_mismatch, part_of_alpha

SHARES = st.floats(0.01, 0.99)
LEVELS = st.integers(0, 6)


def e_value(c: int, d: int, share: float, levels: tuple[int, int] = (0, 0)) -> float:
    return math.exp(log_mismatch(Sampled(c, levels[0]), Sampled(d, levels[1]), share))


@given(st.integers(0, 300), st.integers(0, 300), SHARES)
def test_is_the_mean_of_both_sides_by_scipy(c: int, d: int, w: float) -> None:
    a, b = 10 * w, 10 * (1 - w)
    whole = special.betaln(a + c, b + d) - special.betaln(a, b)
    whole -= c * math.log(w) + d * math.log1p(-w)
    above = stats.beta.logsf(w, a + c, b + d) - stats.beta.logsf(w, a, b)
    below = stats.beta.logcdf(w, a + c, b + d) - stats.beta.logcdf(w, a, b)
    expected = (
        whole + special.logsumexp([above, below]) - math.log(2) + math.log(part_of_alpha(0, 0, w))
    )
    assert log_mismatch(Sampled(c), Sampled(d), w) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@given(st.integers(0, 40), st.integers(0, 40), SHARES, LEVELS, LEVELS)
def test_is_a_fair_bet_at_whatever_levels(c: int, d: int, share: float, i: int, j: int) -> None:
    """E[e-value after one more user in a sample | so far] is the e-value so far: a martingale."""
    many, few = share * 0.5**i, (1 - share) * 0.5**j
    now = e_value(c, d, share, (i, j))
    up, down = e_value(c + 1, d, share, (i, j)), e_value(c, d + 1, share, (i, j))
    assert (many * up + few * down) / (many + few) == pytest.approx(now, rel=1e-6)


@given(SHARES, LEVELS, LEVELS)
def test_begins_at_its_part_of_the_whole(share: float, i: int, j: int) -> None:
    assert e_value(0, 0, share, (i, j)) == pytest.approx(part_of_alpha(i, j, share))


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9])
def test_the_parts_of_all_levels_are_the_whole(share: float) -> None:
    every = sum(part_of_alpha(i, j, share) for i in range(300) for j in range(300))
    assert 0.99 < every < 1


@given(st.integers(0, 300), st.integers(0, 300), SHARES, LEVELS, LEVELS)
def test_both_arms_are_alike(c: int, d: int, share: float, i: int, j: int) -> None:
    one = log_mismatch(Sampled(c, i), Sampled(d, j), share)
    other = log_mismatch(Sampled(d, j), Sampled(c, i), 1 - share)
    assert one == pytest.approx(other, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_without_a_split_there_is_nothing_to_say(share: float) -> None:
    assert log_mismatch(Sampled(400), Sampled(100), share) == 0.0


def test_six_percent_where_ten_were_planned() -> None:
    """500 users of each arm are kept: the control's are one in 16."""
    candidate, control = Sampled(480), Sampled(470, 4)
    assert arrived_share(candidate, control) == pytest.approx(0.06, abs=0.001)
    assert log_mismatch(candidate, control, 0.1) > math.log(1_000)
    assert log_mismatch(candidate, control, arrived_share(candidate, control)) < 0


def test_nobody_arrived() -> None:
    assert arrived_share(Sampled(0), Sampled(0)) == 0.0


def test_a_sound_split_is_hardly_ever_doubted() -> None:
    """1,000 stages of 2,000 users at α = 1 %, looked at after each user: at most α of them, with
    three standard errors. Without the parts of levels, as if all users were counted."""
    random = numpy.random.default_rng(6)
    limit = math.log(100) + math.log(part_of_alpha(0, 0, 0.1))
    bounds = [(_bounds(n, 0.1, limit)) for n in range(50, 2_000, 50)]
    arrived = (random.random((1_000, 2_000)) < 0.1).cumsum(axis=1)
    doubted = numpy.zeros(1_000, bool)
    for n, (low, high) in zip(range(50, 2_000, 50), bounds, strict=True):
        doubted |= (arrived[:, n - 1] <= low) | (arrived[:, n - 1] >= high)
    assert doubted.mean() < 0.01 + 3 * (0.01 / 1_000) ** 0.5


def _bounds(users: int, share: float, limit: float) -> tuple[int, int]:
    """So few, or so many, of the candidate's are too few or too many."""
    expected = round(users * share)

    def doubted(candidate: int) -> bool:
        return log_mismatch(Sampled(candidate), Sampled(users - candidate), share) >= limit

    low = max((c for c in range(expected) if doubted(c)), default=-1)
    high = next((c for c in range(expected, users + 1) if doubted(c)), users + 1)
    return low, high
