"""What counts as good, of which arms."""

from __future__ import annotations

import pytest

from functions.alerts.objectives import counting
from functions.alerts.objectives.counting import NOTHING, Count
from functions.alerts.objectives.objective import Kind, Objective
from functions.metrics import measures, tally, timings
from functions.metrics.observation import Observation
from functions.metrics.performance import Score
from functions.metrics.tally import Tally, merge_all
from functions.metrics.windows import Window


def request(
    version: str = "1.2.0", duration_ms: float = 100, code: str = "OK", service: str = "stories"
) -> Window:
    cause = {"OK": "none", "INVALID_INPUT": "client"}.get(code, "internal")
    seen = Observation(service, version, 1, 1.0, duration_ms, code, cause, "user")
    return Window(0, 10, service, version, 1, tally.of(seen))


def reported(version: str, **values: float) -> Window:
    some = Tally(measures=measures.of(values), timings=timings.of(values))
    return Window(0, 10, "stories", version, 1, some)


AVAILABLE = Objective("o", "stories", Kind.AVAILABILITY, 0.99)
FAST = Objective("o", "stories", Kind.LATENCY, 0.95, threshold_ms=500)
LOADED = Objective("o", "stories", Kind.LATENCY, 0.95, threshold_ms=500, metric="load")
CONTENT = Objective("o", "stories", Kind.MEASURE, 0.85, metric="satisfied")
COMPLAINT = Objective("o", "stories", Kind.MEASURE, 0.9, metric="complained", lower=True)
WELL = Objective("o", "stories", Kind.PERFORMANCE, 0.9, least=80)


def test_failures_are_bad_and_clients_own_mistakes_are_nothing() -> None:
    windows = [request(), request(code="INTERNAL"), request(code="INVALID_INPUT")]
    assert counting.count(AVAILABLE, windows, {}) == Count(2, 1_000)


@pytest.mark.parametrize(
    ("version", "counts"),
    [
        ("1.2.0", True),
        ("1.2.0+pinned", True),
        ("1.2.0+fallback", False),
        ("1.2.0+claimed", False),
        ("x+test", False),
    ],
)
def test_requests_count_once_as_their_users_met_them(version: str, counts: bool) -> None:
    found = counting.count(AVAILABLE, [request(version, code="INTERNAL")], {})
    assert found == (Count(1, 1_000) if counts else NOTHING)


def test_other_services_count_nothing() -> None:
    assert counting.count(AVAILABLE, [request(service="search")], {}) == NOTHING


def test_latency_is_exact_at_the_threshold() -> None:
    windows = [request(duration_ms=500), request(duration_ms=500.5), request(duration_ms=40)]
    assert counting.count(FAST, windows, {}) == Count(3, 1_000)


def test_durations_of_a_name_count_claimed_ones_too_but_no_tests() -> None:
    windows = [reported("1.2.0", load=400), reported("1.2.0+claimed", load=600)]
    windows.append(reported("x+test", load=9_000))
    assert counting.count(LOADED, windows, {}) == Count(2, 1_000)


def test_a_measure_is_good_as_far_as_it_goes() -> None:
    windows = [reported("1", satisfied=1), reported("1", satisfied=0), reported("1", satisfied=0.8)]
    assert counting.count(CONTENT, windows, {}) == Count(3, 1_200)
    beyond = [reported("1", satisfied=5), reported("1", satisfied=-9)]
    assert counting.count(CONTENT, beyond, {}) == Count(2, 1_000)


def test_where_less_is_better_the_value_itself_is_bad() -> None:
    windows = [reported("1", complained=1), reported("1", complained=0)]
    assert counting.count(COMPLAINT, windows, {}) == Count(2, 1_000)


def test_a_minute_is_good_or_bad_by_its_score() -> None:
    quick, slow = Score(50), Score(1_000)
    windows = [request(duration_ms=150), request("1.3.0", duration_ms=150)]
    assert counting.count(WELL, windows, {"stories": slow}) == Count(1, 0)
    assert counting.count(WELL, windows, {"stories": quick}) == Count(1, 1_000)
    assert counting.count(WELL, [], {}) == NOTHING


def test_an_hour_says_the_same_as_its_minutes_but_for_scores() -> None:
    windows = [request(), request(code="INTERNAL"), request(duration_ms=900)]
    whole = merge_all(window.tally for window in windows)
    hour = [Window(0, 3_600, "stories", "1.2.0", 0, whole)]
    assert counting.past(AVAILABLE, hour) == counting.count(AVAILABLE, windows, {})
    assert counting.past(FAST, hour) == counting.count(FAST, windows, {})
    assert counting.past(WELL, hour) == NOTHING
