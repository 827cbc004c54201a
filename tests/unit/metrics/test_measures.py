"""What requests report adds up exactly."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metrics import measures
from functions.metrics.labels import OTHER
from functions.metrics.measures import NAMES_CAP, NONE, Measure, Measures

values = st.integers(-(10**6), 10**6).map(lambda thousandths: thousandths / 1000)


def together(seen: list[float]) -> Measure:
    total: Measures = {}
    for value in seen:
        total = measures.merge(total, measures.of({"words": value}))
    return total.get("words", NONE)


@given(st.lists(values, min_size=2, max_size=40))
def test_count_sum_mean_and_variance_are_those_of_the_values(seen: list[float]) -> None:
    some = together(seen)
    assert some.count == len(seen)
    assert some.sum == pytest.approx(sum(seen), abs=1e-6)
    assert some.mean == pytest.approx(statistics.fmean(seen), abs=1e-6)
    assert some.variance == pytest.approx(statistics.variance(seen), rel=1e-6, abs=1e-6)


def test_a_variance_is_never_lost_to_large_values() -> None:
    assert together([1e9, 1e9 - 0.001]).variance == pytest.approx(5e-7)
    assert together([1e9] * 3).variance == 0


def test_without_values_there_is_no_mean_and_no_variance() -> None:
    assert (NONE.mean, NONE.variance, NONE.sum) == (None, None, 0)
    assert together([2.5]).variance is None


@given(st.lists(values, max_size=9))
def test_a_measure_comes_back_from_its_text(seen: list[float]) -> None:
    assert Measure.from_text(together(seen).to_text()) == together(seen)


def test_beyond_so_many_names_values_are_counted_as_other() -> None:
    names = [f"measure_{n:02}" for n in range(NAMES_CAP + 8)]
    early = measures.of(dict.fromkeys(names[:25], 1.0))
    late = measures.of(dict.fromkeys(names[20:], 2.0))
    for merged in (measures.merge(early, late), measures.merge(late, early)):
        assert sorted(merged) == [*names[:NAMES_CAP], OTHER]
        assert merged[names[24]].count == 2
        assert merged[OTHER].count == 8


def test_nobody_reports_under_the_name_of_the_rest() -> None:
    with pytest.raises(ValueError, match="not the name of a measure"):
        measures.checked({OTHER: 1.0})
