"""Which events are refused, and when one is late."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metrics.apps.declared import AppMetric, Kind
from functions.metrics.apps.event import (
    AHEAD_SECONDS,
    LATE_SECONDS,
    Event,
    Problem,
    occurrence,
    problems,
)

NOW = 1_800_000_000.0
DECLARED = {
    "stars": AppMetric("stars", Kind.RATING),
    "crashed": AppMetric("crashed", Kind.CRASH),
}


def event(metric: str = "crashed", value: Any = None, at: Any = None) -> Event:
    return Event(metric, value, at, {"targetingKey": "u"})


REFUSED: list[Any] = [
    pytest.param([event("tables")], [(0, "metric")], id="not declared"),
    pytest.param([event(), event("stars", 7)], [(1, "value")], id="no stars"),
    pytest.param([event("stars")], [(0, "value")], id="no value"),
    pytest.param([event(at=NOW + 61)], [(0, "at")], id="ahead"),
    pytest.param(
        [event("x"), event(), event("stars", 0, NOW + 90)],
        [(0, "metric"), (2, "value"), (2, "at")],
        id="all that is wrong",
    ),
]


@pytest.mark.parametrize(("events", "wrong"), REFUSED)
def test_what_is_wrong_is_told_event_by_event(events: list[Event], wrong: Any) -> None:
    assert [(each.number, each.field) for each in problems(events, DECLARED, NOW)] == wrong


def test_what_is_expected_names_the_kind_and_no_text_of_the_app() -> None:
    [problem] = problems([event("stars", 7)], DECLARED, NOW)
    expected = "a whole number from 1 to 5 (the metric is a rating)"
    assert problem.to_json() == {"field": "events.0.value", "expected": expected}
    [unknown] = problems([event("my secret")], DECLARED, NOW)
    assert "secret" not in unknown.expected


def test_problem_is_where_it_stands() -> None:
    assert Problem(3, "at", "x").to_json()["field"] == "events.3.at"


TIMES: list[Any] = [
    pytest.param(None, NOW, False, id="now"),
    pytest.param(NOW - 30, NOW - 30, False, id="a while ago"),
    pytest.param(NOW - LATE_SECONDS, NOW - LATE_SECONDS, False, id="just in time"),
    pytest.param(NOW - LATE_SECONDS - 0.5, NOW, True, id="late: counts when it came"),
    pytest.param(NOW + AHEAD_SECONDS, NOW, False, id="the clock of the app is ahead"),
]


@pytest.mark.parametrize(("at", "counted_at", "late"), TIMES)
def test_when_it_counts(at: Any, counted_at: float, late: bool) -> None:
    found = occurrence(event(at=at), DECLARED["crashed"], NOW)
    assert (found.at, found.late, found.value) == (counted_at, late, 1.0)


@given(st.floats(NOW - 1e6, NOW + AHEAD_SECONDS))
def test_nothing_counts_in_the_future_nor_long_ago(at: float) -> None:
    found = occurrence(event(at=at), DECLARED["crashed"], NOW)
    assert NOW - LATE_SECONDS <= found.at <= NOW
