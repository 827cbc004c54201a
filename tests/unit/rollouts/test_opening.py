from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from functions.rollouts import opening
from functions.rollouts.opening import Opening, is_open, next_opening, problems

WEEKDAYS = (0, 1, 2, 3, 4)
PARIS = ZoneInfo("Europe/Paris")
ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "UTC")
CHANGES = (
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 11, 1, 6, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
)
"""When the clocks of these zones are changed."""


def paris(*when: int, fold: int = 0) -> float:
    return datetime(*when, tzinfo=PARIS, fold=fold).timestamp()  # type: ignore[misc, arg-type]


def at_work() -> list[Opening]:
    return [Opening(WEEKDAYS, 14 * 60, 16 * 60)]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param(paris(2026, 11, 24, 13, 59), False, id="a minute before"),
        pytest.param(paris(2026, 11, 24, 14), True, id="when it begins"),
        pytest.param(paris(2026, 11, 24, 15, 59), True, id="in its last minute"),
        pytest.param(paris(2026, 11, 24, 16), False, id="when it ends"),
        pytest.param(paris(2026, 11, 21, 15), False, id="on a Saturday"),
    ],
)
def test_is_open(at: float, expected: bool) -> None:
    assert is_open(at_work(), at) is expected


def test_without_openings_it_is_always_open() -> None:
    assert is_open([], 0.0)
    assert next_opening([], 5.0) == 5.0


@pytest.mark.parametrize(
    ("openings", "at", "expected"),
    [
        pytest.param(
            at_work(), paris(2026, 11, 20, 16), paris(2026, 11, 23, 14), id="over a week-end"
        ),
        pytest.param(
            at_work(), paris(2026, 10, 23, 16), paris(2026, 10, 26, 14), id="over a change of time"
        ),
        pytest.param(
            [Opening((6,), 150, 240)],
            paris(2026, 3, 28, 12),
            paris(2026, 3, 29, 3),
            id="half of it is skipped",
        ),
        pytest.param(
            [Opening((6,), 120, 180)],
            paris(2026, 3, 28, 12),
            paris(2026, 4, 5, 2),
            id="all of it is skipped: a week later",
        ),
        pytest.param(
            [Opening((6,), 120, 150)],
            paris(2026, 10, 25, 2, 30),
            paris(2026, 10, 25, 2, fold=1),
            id="it comes twice",
        ),
        pytest.param(
            [*at_work(), Opening((5,), 0, 60, "UTC")],
            paris(2026, 11, 20, 16),
            datetime(2026, 11, 21, tzinfo=UTC).timestamp(),
            id="the first of several",
        ),
        pytest.param([Opening((), 0, 60)], 0.0, None, id="never"),
    ],
)
def test_next_opening(openings: list[Opening], at: float, expected: float | None) -> None:
    assert next_opening(openings, at) == expected


def by_the_minute(one: Opening, at: float) -> float | None:
    """Looks at every minute of 15 days."""
    local = ZoneInfo(one.zone)
    moment = datetime.fromtimestamp(at, UTC)
    for _ in range(15 * 24 * 60):
        there = moment.astimezone(local)
        if there.weekday() in one.days and one.begins <= there.hour * 60 + there.minute < one.ends:
            return moment.timestamp()
        moment += timedelta(minutes=1)
    return None


@settings(deadline=None)
@given(
    days=st.sets(st.integers(0, 6), min_size=1, max_size=2),
    begins=st.integers(0, 300) | st.integers(0, 1439),
    lasts=st.integers(1, 180),
    zone=st.sampled_from(ZONES),
    change=st.sampled_from(CHANGES),
    minutes_before=st.integers(-300, 3 * 24 * 60),
)
@example({6}, 120, 60, "Europe/Paris", CHANGES[0], 60)
@example({6}, 0, 30, "Australia/Lord_Howe", CHANGES[5], 600)
def test_the_next_opening_is_the_first_open_minute(
    days: set[int], begins: int, lasts: int, zone: str, change: datetime, minutes_before: int
) -> None:
    one = Opening(tuple(sorted(days)), begins, min(begins + lasts, 1440), zone)
    at = (change - timedelta(minutes=minutes_before)).timestamp()
    assert next_opening([one], at) == by_the_minute(one, at)


def test_a_zone_that_is_no_longer_known_is_utc() -> None:
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
    assert Opening((1,), 720, 721, "Nowhere/Gone").holds(noon)


@pytest.mark.parametrize(
    ("one", "says"),
    [
        pytest.param(Opening((), 0, 60), "never comes", id="no day"),
        pytest.param(Opening((7,), 0, 60), "0 (Monday) to 6", id="an eighth day"),
        pytest.param(Opening((1, 1), 0, 60), "each once", id="a day twice"),
        pytest.param(Opening((1,), 60, 60), "lasts no minute", id="no minute"),
        pytest.param(Opening((1,), 1320, 60), "two openings", id="past midnight"),
        pytest.param(Opening((1,), 0, 1441), "minutes since midnight", id="more than a day"),
        pytest.param(Opening((1,), 0, 60, "Paris"), "time zone", id="no zone"),
        pytest.param(Opening((1,), 0, 60, "../etc/passwd"), "time zone", id="a path"),
    ],
)
def test_refuses_an_opening_in_which_nothing_can_start(one: Opening, says: str) -> None:
    [problem] = problems([one])
    assert says in problem


def test_refuses_too_many() -> None:
    assert len(list(problems(at_work() * opening.MAXIMUM))) == 0
    assert list(problems(at_work() * (opening.MAXIMUM + 1)))
