import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from functions.stats.fisher import as_many

ARMS = st.integers(0, 3_000).flatmap(lambda tried: st.tuples(st.integers(0, tried), st.just(tried)))


@given(ARMS, ARMS)
def test_as_scipy_says(one: tuple[int, int], other: tuple[int, int]) -> None:
    table = [[one[0], one[1] - one[0]], [other[0], other[1] - other[0]]]
    wanted = fisher_exact(table, alternative="greater").pvalue
    assert as_many(*one, *other) == pytest.approx(wanted, rel=1e-6, abs=1e-12)


@given(ARMS)
def test_nothing_to_compare_says_nothing(one: tuple[int, int]) -> None:
    assert as_many(*one, 0, 0) == pytest.approx(1.0)


@pytest.mark.parametrize("counts", [(3, 2, 0, 5), (0, 5, 6, 5), (-1, 5, 0, 5)])
def test_more_cannot_fail_than_were_tried(counts: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="of"):
        as_many(*counts)
