"""What counts as good, of which arms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize("value", [5.0, 1.001, -9.0, -0.001, 1e9])
@pytest.mark.parametrize("objective", [CONTENT, COMPLAINT])
def test_a_value_that_is_no_share_is_neither_good_nor_bad(
    objective: Objective, value: float
) -> None:
    name = objective.metric
    well = [reported("1", **{name: each}) for each in (0, 0, 1)]
    mixed = Window(
        0,
        10,
        "stories",
        "2",
        1,
        merge_all(reported("2", **{name: each}).tally for each in (value, 0, 1, 1)),
    )
    assert counting.count(objective, [*well, mixed], {}).total == 3
    assert counting.beyond(objective, [*well, mixed]) == 4
    assert counting.beyond(objective, well) == 0
    assert counting.beyond(AVAILABLE, [mixed]) == 0


@given(st.lists(st.floats(0, 1), max_size=30))
def test_shares_all_count(values: list[float]) -> None:
    tally = merge_all(reported("1", satisfied=value).tally for value in values)
    window = Window(0, 10, "stories", "1", 1, tally)
    assert counting.beyond(CONTENT, [window]) == 0
    assert counting.count(CONTENT, [window], {}).total == len(values)


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
