"""The scorecard says what was reached, and never that of what nobody measured."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.alerts.objectives.scorecard import (
    HISTORY_DAYS,
    NO_RELEASES,
    Releases,
    Row,
    Seen,
    faster,
    scorecard,
    with_today,
)
from functions.metrics.measures import Measure
from functions.metrics.tally import Tally
from functions.metrics.windows import Window

EMPTY = Seen((), (), ())


def day(
    service: str = "stories",
    version: str = "1.2.0",
    served: int = 0,
    failures: int = 0,
    mean_ms: int = 0,
    **means: float,
) -> Window:
    """A day with so many requests; each measure has 100 values."""
    tally = Tally(
        requests=served,
        failures=failures,
        duration_sum_ms=served * mean_ms,
        measures={name: Measure(100, round(100_000 * mean), 0) for name, mean in means.items()},
    )
    return Window(0, 86_400, service, version, 0, tally)


def row(seen: Seen, identifier: str) -> Row:
    return next(each for each in scorecard(seen) if each.id == identifier)


def test_what_nobody_measured_is_no_data_and_never_met() -> None:
    rows = scorecard(EMPTY)
    assert len(rows) == 7
    assert {(each.status, each.value, each.trend) for each in rows} == {("no data", None, None)}


@pytest.mark.parametrize(
    ("identifier", "seen", "status", "value", "trend"),
    [
        ("availability", replace(EMPTY, now=[day(served=1_000, failures=1)]), "met", 0.999, None),
        (
            "availability",
            replace(EMPTY, now=[day(served=1_000, failures=2)]),
            "missed",
            0.998,
            None,
        ),
        (
            "availability",
            Seen([day(served=1_000)], [day(served=1_000, failures=500)], ()),
            "met",
            1.0,
            "rising",
        ),
        ("releases", replace(EMPTY, releases=Releases(20, 19)), "met", 0.95, None),
        (
            "releases",
            replace(EMPTY, releases=Releases(2, 1), releases_before=Releases(3, 3)),
            "missed",
            0.5,
            "falling",
        ),
        ("satisfaction", replace(EMPTY, now=[day(satisfied=0.85)]), "met", 0.85, None),
        ("satisfaction", replace(EMPTY, now=[day(satisfied=0.84)]), "missed", 0.84, None),
        ("nps", replace(EMPTY, now=[day(nps=90)]), "met", 90.0, None),
        ("nps", replace(EMPTY, now=[day(nps=-20)]), "missed", -20.0, None),
        ("adoption", Seen([day(adoption=0.7)], [day(adoption=0.7)], ()), "met", 0.7, "steady"),
        ("retention", replace(EMPTY, now=[day(retention=0.9)]), "no data", 0.9, None),
        ("retention", Seen([day(retention=0.4)], [day(retention=0.4)], ()), "met", 0.4, "steady"),
        ("retention", Seen([day(retention=0.4)], [day(retention=0.3)], ()), "met", 0.4, "rising"),
        (
            "retention",
            Seen([day(retention=0.3)], [day(retention=0.4)], ()),
            "missed",
            0.3,
            "falling",
        ),
        (
            "performance",
            Seen([day(served=10, mean_ms=1_000)], (), [day(served=99, mean_ms=1_200)]),
            "met",
            0.2,
            None,
        ),
        (
            "performance",
            Seen([day(served=10, mean_ms=1_000)], (), [day(served=99, mean_ms=1_190)]),
            "missed",
            0.19,
            None,
        ),
    ],
)
def test_rows(identifier: str, seen: Seen, status: str, value: float, trend: str | None) -> None:
    found = row(seen, identifier)
    assert (found.status, found.trend) == (status, trend)
    assert found.value == pytest.approx(value)


def test_what_is_counted_beside_versions_is_nobodys_availability_but_everybodys_satisfaction() -> (
    None
):
    beside = [
        day(version="1.2.0+fallback", served=100, failures=100),
        day(version="1.2.0+claimed", satisfied=1.0),
        day(version="alert+test", satisfied=0.0, served=10, failures=10),
    ]
    seen = replace(EMPTY, now=[day(served=100), *beside])
    assert row(seen, "availability").value == 1.0
    assert row(seen, "satisfaction").value == 1.0
    assert row(seen, "satisfaction").sample == 100


@given(st.integers(1, 10_000), st.integers(1, 10_000), st.integers(1, 100), st.integers(1, 100))
def test_more_use_of_a_slow_service_is_no_loss_of_speed(
    slow_ms: int, quick_ms: int, before: int, now: int
) -> None:
    former = [day("a", served=before, mean_ms=slow_ms), day("b", served=5, mean_ms=quick_ms)]
    today = [day("a", served=now, mean_ms=slow_ms), day("b", served=5, mean_ms=quick_ms)]
    assert faster(today, former).value == pytest.approx(0.0)
    fresh = day("c", served=1_000_000, mean_ms=60_000)
    assert faster([*today, fresh], former) == faster(today, former)


def test_the_history_has_a_value_a_day_and_forgets() -> None:
    rows = scorecard(replace(EMPTY, releases=Releases(2, 1)))
    history = {f"2027-01-{number:02d}": {"releases": 0.1} for number in range(1, 32)}
    again = with_today(history, "2027-01-31", rows)
    assert len(again) == 31
    assert again["2027-01-31"] == {"releases": 0.5}
    assert again["2027-01-30"] == {"releases": 0.1}
    long = {f"{2000 + number}-01-01": {"releases": 0.1} for number in range(HISTORY_DAYS)}
    assert len(with_today(long, "2100-01-01", rows)) == HISTORY_DAYS
    assert "2000-01-01" not in with_today(long, "2100-01-01", rows)
    assert row(EMPTY, "releases").sample == NO_RELEASES.ended
