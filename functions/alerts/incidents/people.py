"""Who responds to incidents: people with their levels, contacts, languages and hours. Pure.

A person without hours is on call at all hours.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from functions.alerts.incidents.escalation import LEVELS
from functions.readable import Definitions, readable

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PARIS = "Europe/Paris"
CLOCK_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
MIDNIGHT = "00:00"

Names = Mapping[str, str]
"""What people are called, by the id of who acts (`person:UID`)."""

NOBODY: Names = {}


@dataclass(frozen=True, slots=True)
class Hours:
    """Times of the week: on these days from `start` to `end`, which is on the next day when it is
    not after `start`."""

    days: tuple[str, ...]
    start: str
    end: str

    def hold(self, at: datetime.datetime) -> bool:
        time = at.strftime("%H:%M")
        today = DAYS[at.weekday()] in self.days
        if self.start < self.end:
            return today and self.start <= time < self.end
        yesterday = DAYS[at.weekday() - 1] in self.days
        return (today and time >= self.start) or (yesterday and time < self.end)


@dataclass(frozen=True, slots=True)
class Person:
    """
    levels     of escalation that this person answers for, "L1" to "L4"
    email      phone: how to reach them; "" for not so
    languages  that they read, the first one preferred
    hours      when they are on call, in `time_zone`; none: always
    uid        Firebase uid, so that messages name them; "" for nobody knows
    """

    id: str
    name: str
    levels: tuple[str, ...]
    email: str = ""
    phone: str = ""
    languages: tuple[str, ...] = ("en",)
    hours: tuple[Hours, ...] = ()
    time_zone: str = PARIS
    uid: str = ""

    def on_call(self, now: float) -> bool:
        local = datetime.datetime.fromtimestamp(now, zone(self.time_zone))
        return not self.hours or any(hours.hold(local) for hours in self.hours)

    def to_definition(self) -> dict[str, Any]:
        """As the catalog keeps it, without its id."""
        data = asdict(self)
        del data["id"]
        data["hours"] = [{**asdict(each), "days": list(each.days)} for each in self.hours]
        return {**data, "levels": list(self.levels), "languages": list(self.languages)}

    @staticmethod
    def from_definition(identifier: str, data: Mapping[str, Any]) -> Person:
        return Person(
            id=identifier,
            name=data["name"],
            levels=tuple(data["levels"]),
            email=data["email"],
            phone=data["phone"],
            languages=tuple(data["languages"]),
            hours=tuple(
                Hours(tuple(each["days"]), each["start"], each["end"]) for each in data["hours"]
            ),
            time_zone=data["time_zone"],
            uid=data.get("uid", ""),
        )


def known_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def zone(name: str) -> datetime.tzinfo:
    """UTC where the machine no longer knows it: somebody on call at odd hours is still somebody."""
    return ZoneInfo(name) if known_zone(name) else datetime.UTC


def everybody(published: Definitions) -> list[Person]:
    """The people of a published catalog, by id, as far as they can be read."""
    return list(readable(published, Person.from_definition)[0].values())


def names(published: Mapping[str, Any] | None) -> Names:
    """From the published catalog, as far as it can be read."""
    people = (each for each in (published or {}).values() if isinstance(each, Mapping))
    known = ((each.get("uid"), each.get("name")) for each in people)
    return {f"person:{uid}": str(name) for uid, name in known if uid and name}


def on_call(people: Iterable[Person], level: str, now: float) -> list[Person]:
    """Who answers for a level now. When nobody does, those of the next level that has somebody;
    when nobody is above either, those of the highest level below."""
    there = [person for person in people if person.on_call(now)]
    at = LEVELS.index(level)
    for each in (*LEVELS[at:], *reversed(LEVELS[:at])):
        found = [person for person in there if each in person.levels]
        if found:
            return found
    return []


def told(people: Sequence[Person], level: str, now: float) -> list[Person]:
    """Who is written to about an incident that has reached a level: who answers for it, and
    everybody on call below, who was told before and is to hear how it goes on and that it ends."""
    answering = on_call(people, level, now)
    up_to = set(LEVELS[: LEVELS.index(level) + 1])
    return [
        person
        for person in people
        if person in answering or (person.on_call(now) and up_to & set(person.levels))
    ]
