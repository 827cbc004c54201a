"""Hours and days are sums of what was measured, and a baseline is the same hour of other days."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.metrics import hours, tally
from functions.metrics.hours import DAY_SECONDS, HOUR_SECONDS, Baseline
from functions.metrics.observation import Observation
from functions.metrics.tally import Tally
from functions.metrics.windows import Window

START = 1_800_000_000 - 1_800_000_000 % DAY_SECONDS
NOON = START + 12 * HOUR_SECONDS


def minute(number: int, requests: int, version: str = "1.2.0", generation: int = 3) -> Window:
    return Window(START + 60 * number, 60, "stories", version, generation, Tally(requests=requests))


def hour(day: int, requests: int, version: str = "1.2.0", service: str = "stories") -> Window:
    """Noon of a day, counted from the START's."""
    return Window(
        NOON + day * DAY_SECONDS, HOUR_SECONDS, service, version, 0, Tally(requests=requests)
    )


@given(
    st.lists(
        st.builds(
            minute,
            st.integers(0, 4_000),
            st.integers(1, 50),
            st.sampled_from(["1.2.0", "1.3.0"]),
            st.integers(1, 4),
        ),
        max_size=30,
    )
)
def test_days_hold_what_their_minutes_held_by_version(minutes: list[Window]) -> None:
    summed = hours.days(hours.hours(minutes))
    for day in summed:
        within = [
            each.tally.requests
            for each in minutes
            if each.version == day.version and day.start <= each.start < day.end
        ]
        assert day.tally.requests == sum(within)
    assert sum(day.tally.requests for day in summed) == sum(m.tally.requests for m in minutes)


def test_an_hour_ends_with_its_last_minute() -> None:
    sums = hours.hours([minute(59, 1), minute(60, 2), minute(0, 4, generation=9)])
    assert [(one.start - START, one.seconds, one.tally.requests) for one in sums] == [
        (0, 3_600, 5),
        (3_600, 3_600, 2),
    ]


def test_no_user_is_in_an_hour() -> None:
    failed = tally.of(
        Observation(
            service="stories",
            version="1.2.0",
            generation=1,
            at=START + 5.0,
            duration_ms=900,
            user_hash="c0ffee",
            code="TIMEOUT",
            cause="upstream",
        )
    )
    [summed] = hours.hours([Window(START, 60, "stories", "1.2.0", 1, failed)])
    assert summed.tally.failures == 1
    assert "c0ffee" in failed.to_text()
    assert "c0ffee" not in summed.tally.to_text()
    assert failed.users
    assert not summed.tally.users


def test_a_baseline_is_the_same_hour_of_the_days_before_over_all_versions() -> None:
    past = [
        hour(0, 1_000),  # today, the hour that is looked at
        hour(-1, 1),
        hour(-1, 2, version="1.1.0"),
        hour(-2, 4),
        hour(-3, 8),  # longer ago than is asked for
        hour(-1, 16, version="1.2.0+claimed"),
        hour(-1, 32, service="search"),
        Window(NOON - DAY_SECONDS + HOUR_SECONDS, 3_600, "stories", "1.2.0", 0, Tally(requests=64)),
    ]
    found = hours.baseline(past, "stories", NOON + 1_234.5, 2, "1.3.0")
    assert (found.tally.requests, found.days, found.seconds) == (7, 2, 7_200)


def test_what_is_claimed_is_compared_with_what_was_claimed() -> None:
    past = [hour(-1, 1), hour(-1, 2, version="1.1.0+claimed")]
    assert hours.baseline(past, "stories", NOON, 7, "1.3.0+claimed").tally.requests == 2


def test_without_a_past_there_is_no_baseline() -> None:
    assert hours.baseline([], "stories", NOON, 7) == Baseline()
    assert Baseline().days == 0


@pytest.mark.parametrize("days", [0, 29])
def test_a_baseline_takes_a_day_to_four_weeks(days: int) -> None:
    with pytest.raises(ValueError, match="1 to 28"):
        hours.baseline_hours(NOON, days)
