import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from functions.stats.proportion import upper, usual_upper

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
    assert usual_upper(alike) == pytest.approx(upper(100, 10_000))
    assert usual_upper(differing) > 0.025 > upper(100, 10_000)
