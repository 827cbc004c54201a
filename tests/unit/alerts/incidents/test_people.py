"""Who is on call, at any time of any week."""

from __future__ import annotations

import datetime
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.alerts.incidents.escalation import LEVELS
from functions.alerts.incidents.people import DAYS, Hours, Person, names, on_call, told

PARIS = ZoneInfo("Europe/Paris")
WORK = Hours(("mon", "tue", "wed", "thu", "fri"), "08:00", "20:00")
NIGHTS = Hours(("fri", "sat"), "20:00", "08:00")


def at(text: str) -> float:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp()


def person(name: str, *levels: str, hours: tuple[Hours, ...] = ()) -> Person:
    return Person(name, name, levels or ("L2",), hours=hours)


@pytest.mark.parametrize(
    ("when", "hours", "there"),
    [
        ("2027-01-15T08:00:00", WORK, True),
        ("2027-01-15T07:59:59", WORK, False),
        ("2027-01-15T19:59:59", WORK, True),
        ("2027-01-15T20:00:00", WORK, False),
        ("2027-01-16T12:00:00", WORK, False),
        ("2027-07-16T08:00:00", WORK, True),
        ("2027-01-15T20:00:00", NIGHTS, True),
        ("2027-01-16T07:59:59", NIGHTS, True),
        ("2027-01-16T08:00:00", NIGHTS, False),
        ("2027-01-17T03:00:00", NIGHTS, True),
        ("2027-01-18T03:00:00", NIGHTS, False),
        ("2027-01-15T03:00:00", NIGHTS, False),
        ("2027-01-18T00:00:00", Hours(("mon",), "00:00", "00:00"), True),
        ("2027-01-18T23:59:59", Hours(("mon",), "00:00", "00:00"), True),
        ("2027-01-19T00:00:00", Hours(("mon",), "00:00", "00:00"), False),
    ],
)
def test_hours_in_paris(when: str, hours: Hours, there: bool) -> None:
    assert person("ada", hours=(hours,)).on_call(at(when)) is there


def test_without_hours_always_and_in_a_lost_zone_by_utc() -> None:
    assert person("ada").on_call(at("2027-01-17T03:00:00"))
    lost = Person("ada", "Ada", ("L2",), hours=(WORK,), time_zone="Mars/Base")
    assert not lost.on_call(at("2027-01-15T08:30:00")), "07:30 in UTC"


def test_who_is_not_there_is_stood_in_for_by_the_next_level() -> None:
    ada, ben, eve = person("ada", "L2", hours=(WORK,)), person("ben", "L3"), person("eve", "L4")
    day, night = at("2027-01-15T12:00:00"), at("2027-01-15T23:00:00")
    assert on_call([ada, ben, eve], "L2", day) == [ada]
    assert on_call([ada, ben, eve], "L2", night) == [ben]
    assert on_call([ada, eve], "L2", night) == [eve]
    assert on_call([ada], "L2", night) == []
    assert on_call([ada, ben, eve], "L1", day) == [ada]
    assert on_call([ada, ben], "L4", day) == [ben], "with nobody above, the highest below"


def test_whoever_was_told_hears_how_it_goes_on() -> None:
    ada, ben, eve = person("ada", "L2", hours=(WORK,)), person("ben", "L3"), person("eve", "L4")
    day, night = at("2027-01-15T12:00:00"), at("2027-01-15T23:00:00")
    assert told([ada, ben, eve], "L1", day) == [ada]
    assert told([ada, ben, eve], "L2", night) == [ben]
    assert told([ada, ben, eve], "L3", day) == [ada, ben]
    assert told([ada, ben, eve], "L4", day) == [ada, ben, eve]
    assert told([ada], "L4", day) == [ada], "it ends at a level that nobody is of"
    assert told([ada, eve], "L3", day) == [ada, eve], "a level that nobody is of still climbs"
    assert told([ada], "L4", night) == []


PEOPLE = st.lists(
    st.lists(st.sampled_from(LEVELS), min_size=1, unique=True).map(lambda some: person("x", *some)),
    min_size=1,
    max_size=4,
).map(lambda made: [replace(each, id=f"p{n}") for n, each in enumerate(made)])


@given(PEOPLE)
def test_each_level_tells_all_that_were_told_below(people: list[Person]) -> None:
    heard: set[str] = set()
    for level in LEVELS:
        now = {each.id for each in told(people, level, at("2027-01-15T12:00:00"))}
        assert now
        assert heard <= now
        heard = now


TIMES = st.integers(0, 24 * 60 - 1).map(lambda n: f"{n // 60:02d}:{n % 60:02d}")


@given(
    days=st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True),
    start=TIMES,
    end=TIMES,
    moment=st.integers(0, 7 * 24 * 60 - 1),
)
def test_hours_against_minutes_counted_one_by_one(
    days: list[str], start: str, end: str, moment: int
) -> None:
    def minutes(text: str) -> int:
        return int(text[:2]) * 60 + int(text[3:])

    length = (minutes(end) - minutes(start)) % 1440 or 1440
    held = {
        (DAYS.index(day) * 1440 + minutes(start) + n) % (7 * 1440)
        for day in days
        for n in range(length)
    }
    monday = datetime.datetime(2027, 1, 18, tzinfo=datetime.UTC)
    asked = monday + datetime.timedelta(minutes=moment)
    assert Hours(tuple(days), start, end).hold(asked) is (moment in held)


@given(levels=st.lists(st.sampled_from(LEVELS), min_size=1, unique=True))
def test_a_person_is_kept_as_it_is(levels: list[str]) -> None:
    ada = Person("ada", "Ada", tuple(levels), "a@b.cd", "+33 1", ("fr", "en"), (WORK, NIGHTS))
    assert Person.from_definition("ada", ada.to_definition()) == ada


def test_messages_name_people_by_their_uid() -> None:
    known = {"uid": "u1", "name": "Ada"}
    published = {"ada": known, "ben": {"name": "Ben"}, "odd": "?", "gone": {"uid": "u2"}}
    assert names(published) == {"person:u1": "Ada"}
    assert names(None) == {}
