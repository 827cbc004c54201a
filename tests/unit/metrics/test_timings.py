"""Durations that are reported by name are as right as execution times."""

from __future__ import annotations

import math

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metrics import histogram, timings
from functions.metrics.ladder import LADDER_MS
from functions.metrics.timings import NO_TIMING, Timing, Timings

durations = st.lists(st.floats(10, 3_000_000), min_size=1, max_size=80)


def together(seen: list[float]) -> Timing:
    total: Timings = {}
    for duration in seen:
        total = timings.merge(total, timings.of({"load": duration}))
    return total["load"]


@given(durations)
def test_counters_are_exact_and_percentiles_within_the_stated_error(seen: list[float]) -> None:
    some = together(seen)
    assert some.count == len(seen)
    assert some.mean_ms == pytest.approx(numpy.mean(seen), abs=1e-3)
    for rung in LADDER_MS:
        assert some.above_ms(rung) == sum(duration > rung for duration in seen)
    for share in (0.5, 0.95, 0.99):
        true = numpy.percentile(seen, share * 100, method="inverted_cdf")
        found = some.percentile_ms(share)
        assert found is not None
        assert abs(found / true - 1) <= histogram.WORST_ERROR + 1e-9


@given(durations)
def test_a_timing_comes_back_from_its_document(seen: list[float]) -> None:
    some = together(seen)
    assert Timing.from_document(some.to_document()) == some


def test_without_durations_there_is_no_percentile() -> None:
    assert (NO_TIMING.count, NO_TIMING.mean_ms, NO_TIMING.percentile_ms(0.95)) == (0, None, None)


@pytest.mark.parametrize(
    "given_durations",
    [
        {"Load": 1.0},
        {"other": 1.0},
        {"load": -1.0},
        {"load": math.inf},
        {f"load_{n}": 1.0 for n in range(timings.NAMES_CAP + 1)},
    ],
    ids=["capital", "reserved", "negative", "endless", "too many"],
)
def test_a_duration_that_can_not_be_kept_is_refused(given_durations: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"measure|duration"):
        timings.checked(given_durations)
