"""What a period of values comes to, by hand and against plain arithmetic."""

from __future__ import annotations

import statistics

import pytest
from google.cloud import monitoring_v3
from hypothesis import given
from hypothesis import strategies as st

from local.monitoring.alerting import values
from local.monitoring.alerting.aggregation import ALIGNERS, REDUCERS, Aligner, Reducer
from local.monitoring.alerting.values import Sample, Spread
from local.monitoring.memory import NANOSECONDS, Point, Series
from local.monitoring.rules import CUMULATIVE, DISTRIBUTION, INT64, SeriesKey

MINUTE = 60 * NANOSECONDS
KEY = SeriesKey("m", (), "r", ())


def gauge(*numbers: float) -> list[Sample]:
    """One a minute; the first ends at minute 1."""
    return [
        Sample(place * MINUTE, place * MINUTE, number) for place, number in enumerate(numbers, 1)
    ]


@pytest.mark.parametrize(
    ("aligner", "expected"),
    [
        (Aligner.ALIGN_NONE, 8.0),
        (Aligner.ALIGN_NEXT_OLDER, 8.0),
        (Aligner.ALIGN_MIN, 2.0),
        (Aligner.ALIGN_MAX, 8.0),
        (Aligner.ALIGN_MEAN, 5.0),
        (Aligner.ALIGN_COUNT, 2.0),
        (Aligner.ALIGN_SUM, 10.0),
        (Aligner.ALIGN_STDDEV, 3.0),
    ],
)
def test_gauges(aligner: int, expected: float) -> None:
    assert values.align(aligner, gauge(100, 2, 8, 100), MINUTE, 3 * MINUTE) == expected


def test_a_period_begins_after_its_start_and_ends_with_its_end() -> None:
    assert values.align(Aligner.ALIGN_COUNT, gauge(1, 2, 3), 0, MINUTE) == 1
    assert values.align(Aligner.ALIGN_COUNT, gauge(1, 2, 3), MINUTE, 3 * MINUTE) == 2
    assert values.align(Aligner.ALIGN_COUNT, gauge(1), MINUTE, 2 * MINUTE) is None


@pytest.mark.parametrize(
    ("aligner", "expected"),
    [
        (Aligner.ALIGN_COUNT_TRUE, 2.0),
        (Aligner.ALIGN_COUNT_FALSE, 1.0),
        (Aligner.ALIGN_FRACTION_TRUE, 2 / 3),
    ],
)
def test_booleans(aligner: int, expected: float) -> None:
    assert values.align(aligner, gauge(1, 0, 1), 0, 3 * MINUTE) == pytest.approx(expected)


def counter(*points: tuple[int, int, int]) -> list[Sample]:
    """A counter with points of (start, end, value) in minutes."""
    series = Series(KEY, CUMULATIVE, INT64)
    for start, end, value in points:
        typed = monitoring_v3.TypedValue.pb()(int64_value=value)
        series.points.append(Point(start * MINUTE, end * MINUTE, typed))
    return values.samples(series)


def test_a_counter_that_goes_on_and_one_that_begins_anew() -> None:
    goes_on = counter((0, 1, 10), (0, 2, 25), (0, 3, 25))
    anew = counter((0, 1, 10), (1, 2, 15), (2, 3, 0))
    for samples in (goes_on, anew):
        deltas = [
            values.align(Aligner.ALIGN_DELTA, samples, n * MINUTE, (n + 1) * MINUTE)
            for n in range(3)
        ]
        assert deltas == [10, 15, 0]
    assert values.align(Aligner.ALIGN_RATE, goes_on, 0, 2 * MINUTE) == pytest.approx(25 / 120)


def test_a_part_of_an_interval_counts_in_proportion() -> None:
    samples = counter((0, 4, 100))
    assert values.align(Aligner.ALIGN_DELTA, samples, 3 * MINUTE, 4 * MINUTE) == pytest.approx(25)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=30), st.integers(1, 30))
def test_deltas_of_all_periods_add_up(added: list[int], length: int) -> None:
    total, points = 0, []
    for place, number in enumerate(added):
        total += number
        points.append((0, place + 1, total))
    samples = counter(*points)
    periods = [
        values.align(Aligner.ALIGN_DELTA, samples, begin * MINUTE, (begin + length) * MINUTE)
        for begin in range(0, len(added), length)
    ]
    assert sum(period for period in periods if isinstance(period, float)) == sum(added)


def distribution(*counts: int) -> Spread:
    """Buckets below 10, 10 to 20, from 20."""
    middles = (5, 15, 25)
    mean = sum(c * m for c, m in zip(counts, middles, strict=True)) / max(1, sum(counts))
    return Spread(sum(counts), mean, (10.0, 20.0), tuple(map(float, counts)))


def test_distributions_are_merged_before_their_percentile() -> None:
    merged = values.reduce(Reducer.REDUCE_SUM, [distribution(8, 0, 0), distribution(0, 2, 0)])
    assert merged == distribution(8, 2, 0)
    ninetieth = [distribution(8, 0, 0), distribution(0, 2, 0)]
    assert values.reduce(Reducer.REDUCE_PERCENTILE_95, ninetieth) == pytest.approx(17.5)
    assert values.reduce(Reducer.REDUCE_PERCENTILE_50, ninetieth) == pytest.approx(6.25)
    assert values.reduce(Reducer.REDUCE_MEAN, ninetieth) == pytest.approx(7)


def test_a_cumulative_distribution_is_what_was_added() -> None:
    series = Series(KEY, CUMULATIVE, DISTRIBUTION)
    for end, counts in ((1, [4, 0, 0]), (2, [4, 4, 0])):
        typed = monitoring_v3.TypedValue.pb()()
        typed.distribution_value.bucket_options.explicit_buckets.bounds[:] = [10, 20]
        typed.distribution_value.bucket_counts[:] = counts
        typed.distribution_value.count = sum(counts)
        typed.distribution_value.mean = distribution(*counts).mean
        series.points.append(Point(0, end * MINUTE, typed))
    found = values.align(Aligner.ALIGN_DELTA, values.samples(series), MINUTE, 2 * MINUTE)
    assert found == distribution(0, 4, 0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_reducers_against_the_standard_library(numbers: list[float]) -> None:
    def reduced(reducer: int) -> object:
        return values.reduce(reducer, numbers)

    assert reduced(Reducer.REDUCE_MEAN) == pytest.approx(statistics.fmean(numbers))
    assert reduced(Reducer.REDUCE_STDDEV) == pytest.approx(statistics.pstdev(numbers), abs=1e-6)
    assert reduced(Reducer.REDUCE_MIN) == min(numbers)
    assert reduced(Reducer.REDUCE_MAX) == max(numbers)
    assert reduced(Reducer.REDUCE_COUNT) == len(numbers)
    assert reduced(Reducer.REDUCE_PERCENTILE_99) == max(numbers)


def test_every_aligner_and_reducer_that_is_taken_is_computed() -> None:
    for aligner in ALIGNERS:
        assert values.align(aligner, gauge(1, 0), 0, 2 * MINUTE) is not None
    for reducer in set(REDUCERS) - {Reducer.REDUCE_NONE}:
        assert values.reduce(reducer, [1.0, 0.0]) is not None
