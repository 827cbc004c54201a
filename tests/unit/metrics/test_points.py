"""The points of a minute: what becomes of a tally, and which arms nobody shall see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.metrics import points, series
from functions.metrics.observation import Note, Observation
from functions.metrics.performance import Score
from functions.metrics.series import Distribution, Point, Reading
from functions.metrics.tally import Tally, merge_all, of, of_note
from functions.metrics.windows import Window

START = 1_800_000_000


def test_generations_of_a_version_are_one_series() -> None:
    minutes = [
        Window(START, 60, "stories", "1.2.0", generation, Tally(requests=4, buckets={30: 4}))
        for generation in (3, 4)
    ]
    later = Window(START + 60, 60, "stories", "1.2.0", 4, Tally(requests=9))
    found = points.of_minute([*minutes, later], START)
    identities = [point.identity for point in found]
    assert len(set(identities)) == len(identities)
    assert next(point.value for point in found if point.metric is series.REQUESTS) == 8


REPORTED = {
    "words": 200.0,
    "input_tokens": 300.0,
    "output_tokens": 400.0,
    "cost_microdollars": 1250.0,
    "refused": 1.0,
    "quality_ending": 0.5,
    "first_piece_ms": 640.0,
    "rating": 4.0,
    "something_new": 3.0,
}


def test_what_requests_report_becomes_series() -> None:
    reports = (REPORTED, {**REPORTED, "refused": 0.0, "quality_ending": 1.0, "rating": 5.0})
    some = merge_all(of_note(Note("stories", "1.2.0", 3, START, values)) for values in reports)
    found = points.of_minute([Window(START, 60, "stories", "1.2.0", 3, some)], START)
    values = {
        (point.metric.name, *(set(point.labels.values()) - {"stories", "1.2.0"})): point.value
        for point in found
    }
    assert values == {
        ("app_count", "something_new"): 2,
        ("app_sum", "something_new"): 6,
        ("app_value", "something_new"): 3,
        ("stories",): 2,
        ("words",): 400,
        ("tokens", "input"): 600,
        ("tokens", "output"): 800,
        ("cost",): 0.0025,
        ("faults", "refused"): 1,
        ("quality", "ending"): 0.75,
        ("first_piece",): 640,
        ("ratings",): 2,
        ("stars",): 9,
    }
    for point in found:
        assert (point.start is None) == (point.metric.kind == series.GAUGE)


def test_arms_beside_a_version_are_series_of_their_own() -> None:
    windows = [
        Window(START, 60, "stories", version, 3, Tally(requests=requests, buckets={30: requests}))
        for requests, version in enumerate(("1.2.0", "1.2.0+fallback", "1.2.0+pinned"), 1)
    ]
    found = points.of_minute(windows, START)
    counted = {p.labels["version"]: p.value for p in found if p.metric is series.REQUESTS}
    assert counted == {"1.2.0": 1, "1.2.0+fallback": 2, "1.2.0+pinned": 3}


def test_gauges_have_no_length_and_counters_begin_after_the_minute_before() -> None:
    some = Tally(requests=1, buckets={30: 1})
    found = points.of_minute([Window(START, 60, "stories", "1.2.0", 3, some)], START)
    found += points.of_readings([Reading(series.TICK_HEARTBEAT, 1)], START)
    for point in found:
        assert point.end == START + 60
        gauge = point.metric.kind == series.GAUGE
        assert point.start == (None if gauge else START + 0.001)


def one_minute(*tallies: Tally, version: str = "1.2.0") -> list[Point]:
    window = Window(START, 60, "stories", version, 3, merge_all(tallies))
    return points.of_minute([window], START)


def value(found: list[Point], metric: series.Metric) -> int | float | Distribution:
    [point] = [point for point in found if point.metric is metric]
    return point.value


def request(cpu: float | None = None, code: str = "OK", concurrency: int = 0) -> Tally:
    cause = {"OK": "none", "INVALID_ARGUMENT": "client"}.get(code, "candidate")
    seen = Observation("stories", "1.2.0", 3, START, 900, code, cause, "u", cpu=cpu)
    return of(replace(seen, concurrency=concurrency))


def test_what_the_container_carried() -> None:
    found = one_minute(request(0.5, concurrency=3), request(1.0, concurrency=7), request())
    assert value(found, series.CPU) == 0.75
    assert value(found, series.CONCURRENCY) == 7


def test_what_is_not_known_has_no_point() -> None:
    names = {point.metric for point in one_minute(request())}
    assert not names & {series.CPU, series.CONCURRENCY, series.OVERFLOW, series.APP_TIME}


def test_served_leaves_out_clients_own_mistakes() -> None:
    found = one_minute(request(), request(code="INVALID_ARGUMENT"), request(code="OPENAI_ERROR"))
    assert value(found, series.REQUESTS) == 3
    assert value(found, series.SERVED) == 2
    assert value(found, series.FAILURES) == 1


def test_the_score_is_that_of_the_service() -> None:
    window = Window(START, 60, "stories", "1.2.0", 3, request())
    usual = points.of_minute([window], START)
    strict = points.of_minute([window], START, {"stories": Score(target_ms=500)})
    assert value(usual, series.PERFORMANCE_SCORE) == 100
    assert value(strict, series.PERFORMANCE_SCORE) == 50


def test_what_was_counted_as_other_is_published() -> None:
    assert value(one_minute(Tally(overflow=5)), series.OVERFLOW) == 5


def test_a_sum_below_zero_is_no_counter() -> None:
    note = of_note(Note("app", "all", 3, START, {"warmth": -4.5}))
    found = {point.metric: point.value for point in one_minute(note)}
    assert found == {series.APP_COUNT: 1, series.APP_VALUE: -4.5}


def test_durations_that_apps_report() -> None:
    notes = [Note("app", "all", 3, START, durations={"load": each}) for each in (100.0, 300.0)]
    found = value(one_minute(*map(of_note, notes)), series.APP_TIME)
    assert isinstance(found, Distribution)
    assert (found.count, found.mean) == (2, 200)
    assert found.squared_deviation == pytest.approx(20_000)
    assert sum(found.buckets.values()) == 2


def test_what_tests_of_alerts_make_up_is_not_published() -> None:
    assert one_minute(request(), version="test-1f+test") == []
    labels = {"rule": "p1-memory", "service": "stories", "version": "test-1f+test"}
    assert points.of_readings([Reading(series.RULE_VALUE, 1.0, labels)], START) == []
