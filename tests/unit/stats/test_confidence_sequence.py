"""Confidence sequences against their formula, scipy's fixed samples and simulated looks."""

from __future__ import annotations

from math import inf, log, sqrt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from functions.stats.confidence_sequence import (
    Sample,
    above,
    below,
    halfwidth,
    margin,
    of_difference,
    of_mean,
    tuned,
)

ALPHAS = st.floats(1e-5, 0.2)
COUNTS = st.integers(2, 10**7)
SAMPLES = st.builds(Sample, st.integers(2, 10**6), st.floats(-100, 100), st.floats(0.01, 100))


@given(COUNTS, ALPHAS)
def test_is_the_formula(count: int, alpha: float) -> None:
    rho = tuned(alpha)
    grown = count * rho**2 + 1
    inner = 2 * grown / (count**2 * rho**2) * log(sqrt(grown) / alpha)
    assert halfwidth(count, alpha) == pytest.approx(sqrt(inner))


@given(COUNTS, ALPHAS)
def test_one_side_is_the_formula(count: int, alpha: float) -> None:
    rho = tuned(2 * alpha)
    grown = count * rho**2 + 1
    inner = 2 * grown / (count**2 * rho**2) * log(1 + sqrt(grown) / (2 * alpha))
    assert margin(count, alpha) == pytest.approx(sqrt(inner))


@given(COUNTS, ALPHAS)
def test_is_wider_than_an_interval_for_one_look(count: int, alpha: float) -> None:
    assert halfwidth(count, alpha) > stats.norm.isf(alpha / 2) / sqrt(count)
    assert margin(count, alpha) > stats.norm.isf(alpha) / sqrt(count)
    assert count < 1000 or margin(count, alpha) < halfwidth(count, alpha)


@pytest.mark.parametrize("alpha", [0.05, 0.001])
def test_is_tightest_near_the_number_it_is_tuned_for(alpha: float) -> None:
    """Of all ρ, the chosen one is within a twentieth of the best at N*."""

    def width(rho: float) -> float:
        grown = 1000 * rho**2 + 1
        return sqrt(2 * grown / (1000**2 * rho**2) * log(sqrt(grown) / alpha))

    best = optimize.minimize_scalar(width, bounds=(1e-3, 1.0), method="bounded")
    assert halfwidth(1000, alpha) <= 1.05 * best.fun


@given(SAMPLES, SAMPLES, ALPHAS)
def test_a_difference_turned_around_is_its_negative(
    first: Sample, second: Sample, alpha: float
) -> None:
    there, back = of_difference(first, second, alpha), of_difference(second, first, alpha)
    assert there.low == pytest.approx(-back.high)
    assert there.low <= first.mean - second.mean <= there.high
    assert not (below(first, second, alpha) and above(first, second, alpha))
    assert below(first, second, alpha) == above(second, first, alpha)


@given(SAMPLES, st.integers(0, 1), ALPHAS)
def test_one_value_says_nothing(sample: Sample, count: int, alpha: float) -> None:
    lone = Sample(count, 1.0, 0.0)
    assert of_mean(lone, alpha).high == inf
    assert of_difference(lone, sample, alpha).low == -inf
    assert not below(lone, sample, alpha)
    assert not above(sample, lone, alpha)


def test_values_that_are_alike_by_chance_are_not_certain() -> None:
    """Thirty times 0, where a tenth of the control's are 1."""
    assert not below(Sample(30, 0.0, 0.0), Sample(300, 0.1, 0.09), 0.05)


@given(SAMPLES, st.floats(0.5, 2.0), ALPHAS)
def test_a_factor_scales_the_second(sample: Sample, factor: float, alpha: float) -> None:
    scaled = Sample(sample.count, factor * sample.mean, factor**2 * sample.variance)
    found = of_difference(scaled, sample, alpha, factor=factor)
    assert found.low <= 0.0 <= found.high


def ever_wrong(random: Random, alpha: float, looks: int) -> tuple[bool, bool, bool]:
    """Whether a mean, a difference and a ratio are ever missed, looked at after every 20 values."""
    sums = [[0, 0.0, 0.0] for _ in range(2)]
    missed = [False, False, False]
    for _ in range(looks):
        for arm in sums:
            for _ in range(10):
                value = random.expovariate(1.0)
                arm[0] += 1
                arm[1] += value
                arm[2] += value * value
        one, two = (
            Sample(int(n), x / n, max(0.0, (x2 - x * x / n) / (n - 1))) for n, x, x2 in sums
        )
        if one.count < 100:
            continue
        interval, gap = of_mean(one, alpha), of_difference(one, two, alpha)
        missed[0] |= not interval.low <= 1.0 <= interval.high
        missed[1] |= not gap.low <= 0.0 <= gap.high
        missed[2] |= below(one, two, alpha, factor=1.0)
    return missed[0], missed[1], missed[2]


def test_misses_the_truth_no_more_often_than_it_says() -> None:
    """Exponential values: skewed, as costs and durations are."""
    runs, alpha = 200, 0.1
    found = [ever_wrong(Random(seed), alpha, 100) for seed in range(runs)]
    allowance = 3 * sqrt(alpha * (1 - alpha) / runs)
    for number in range(3):
        assert sum(missed[number] for missed in found) / runs <= alpha + allowance


def test_finds_a_fall_of_a_fifth() -> None:
    assert below(Sample(400, 0.75, 0.19), Sample(3600, 0.95, 0.05), 0.001, factor=0.9)
