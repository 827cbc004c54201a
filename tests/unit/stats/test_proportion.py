import random
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from functions.stats.e_process import Failing, log_e_value
from functions.stats.proportion import Z_HOUR_OF_A_DAY, upper, usual_upper

TRIED = st.integers(1, 100_000)


@given(TRIED, st.floats(0, 1))
def test_agrees_with_scipy(tried: int, share: float) -> None:
    hits = round(tried * share)
    interval = stats.binomtest(hits, tried).proportion_ci(0.90, method="wilson")
    assert upper(hits, tried) == pytest.approx(interval.high, abs=1e-9)


def test_of_nothing_it_may_be_anything() -> None:
    assert upper(0, 0) == 1.0
    assert usual_upper([]) == 1.0


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(50, 5_000)), min_size=1, max_size=20))
def test_never_below_the_share_of_all_together(parts: list[tuple[int, int]]) -> None:
    together = sum(hits for hits, _ in parts) / sum(tried for _, tried in parts)
    assert together <= usual_upper(parts) <= 1.0


def test_hours_that_differ_make_it_larger_than_all_their_counts_together_say() -> None:
    alike, differing = [(10, 1_000)] * 10, [(0, 1_000), (20, 1_000)] * 5
    assert usual_upper(alike) == pytest.approx(upper(100, 10_000, Z_HOUR_OF_A_DAY))
    assert usual_upper(differing) > 0.025 > upper(100, 10_000)


def test_the_quantile_is_that_of_an_hour_of_a_day_in_a_hundred() -> None:
    assert pytest.approx(stats.norm.isf(0.01 / 24), abs=1e-3) == Z_HOUR_OF_A_DAY


def _hour(chance: random.Random) -> tuple[int, int]:
    """Failures and requests of one of many hours that are unlike each other, as hours are."""
    share = 0.002 * chance.lognormvariate(-0.245, 0.7)
    return max(0, round(chance.gauss(36_000 * share, (36_000 * share) ** 0.5))), 36_000


def _taken_back(chance: random.Random) -> bool:
    usual = usual_upper([_hour(chance) for _ in range(168)])
    failed = tried = 0
    for _ in range(24):
        hits, of = _hour(chance)
        failed, tried = failed + hits, tried + of
        if log_e_value(Failing(failed, tried - failed, usual)) >= log(100):
            return True
    return False


def test_days_like_the_week_before_are_not_held_against_a_version() -> None:
    """With mean + 1.645 standard deviations as the bound, 4 % of them were."""
    chance = random.Random(2)
    assert sum(_taken_back(chance) for _ in range(150)) == 0


def test_a_total_failure_is_beyond_it_after_few_users() -> None:
    chance = random.Random(2)
    usual = usual_upper([_hour(chance) for _ in range(168)])
    assert log_e_value(Failing(6, 0, usual)) >= log(100)
