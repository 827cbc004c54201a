"""When a rollout may start or be raised: hours of the week. Pure.

Openings are of the clock on the wall, so an hour that a change of time skips never opens, and one
that it repeats is open twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from functions.alerts.incidents.people import known_zone, zone

PARIS = "Europe/Paris"
MAXIMUM = 20
MINUTES_OF_DAY = 24 * 60
MINUTE = 60.0
LOOKED_AHEAD_DAYS = 16
"""An opening of one day of the week that a change of time skips comes a week later."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Open from `begins` to before `ends` (minutes since midnight, local time) on the `days` of the
    week (Monday is 0) in an IANA `zone`."""

    days: tuple[int, ...]
    begins: int
    ends: int
    zone: str = PARIS

    def holds(self, at: float) -> bool:
        """Whether it is open at a time (epoch seconds)."""
        return self._holds(datetime.fromtimestamp(at, zone(self.zone)))

    def next(self, at: float) -> float | None:
        """The first time at or after `at` at which it is open; None when it never comes."""
        if self.holds(at):
            return at
        local = zone(self.zone)
        today = datetime.fromtimestamp(at, local).date()
        for ahead in range(LOOKED_AHEAD_DAYS):
            day = today + timedelta(days=ahead)
            found = [each for each in self._begins_on(day, local) if each >= at]
            if found:
                return min(found)
        return None

    def _begins_on(self, day: date, local: tzinfo) -> Iterator[float]:
        """Times of a day at which it may begin to be open, but only such at which it is open."""
        if day.weekday() not in self.days:
            return
        begin, end = (datetime.combine(each, time(), local) for each in (day, day + _ONE_DAY))
        if begin.utcoffset() == end.utcoffset():
            minute = begin + timedelta(minutes=self.begins)
            yield minute.timestamp()
            return
        # The clock is changed on this day: what it skips or repeats is found by the minute.
        at, until = begin.timestamp() - _LONGEST_CHANGE, end.timestamp() + _LONGEST_CHANGE
        while at < until:
            moment = datetime.fromtimestamp(at, local)
            if moment.date() == day and self._holds(moment):
                yield at
            at += MINUTE

    def _holds(self, moment: datetime) -> bool:
        minute = moment.hour * 60 + moment.minute
        return moment.weekday() in self.days and self.begins <= minute < self.ends

    def to_document(self) -> dict[str, Any]:
        return asdict(self) | {"days": list(self.days)}

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Opening:
        return Opening(**{**data, "days": tuple(data["days"])})


_ONE_DAY = timedelta(days=1)
_LONGEST_CHANGE = 2 * 3600.0
"""What midnight may be off by on a day on which the clock is changed."""


def is_open(openings: Sequence[Opening], at: float) -> bool:
    """Whether one of them is open at a time (epoch seconds); without any it is always open."""
    return not openings or any(each.holds(at) for each in openings)


def next_opening(openings: Sequence[Opening], at: float) -> float | None:
    """The first time at or after `at` (epoch seconds) at which one is open; None: never."""
    if is_open(openings, at):
        return at
    coming = [each.next(at) for each in openings]
    return min((each for each in coming if each is not None), default=None)


def problems(openings: Sequence[Opening]) -> Iterator[str]:
    """Why it could never start in these; a sentence each."""
    if len(openings) > MAXIMUM:
        yield f"At most {MAXIMUM} openings may be named."
    for number, each in enumerate(openings, 1):
        if not each.days:
            yield f"Opening {number} never comes: it names no day."
        elif not all(0 <= day <= 6 for day in each.days) or len(set(each.days)) < len(each.days):
            yield f"Opening {number}: days are 0 (Monday) to 6 (Sunday), each once."
        if not 0 <= each.begins < MINUTES_OF_DAY or not 0 < each.ends <= MINUTES_OF_DAY:
            yield (
                f"Opening {number}: `begins` and `ends` are minutes since midnight, 0 to "
                f"{MINUTES_OF_DAY:,}."
            )
        elif each.begins >= each.ends:
            yield (
                f"Opening {number} lasts no minute: it ends before it begins. What goes past "
                "midnight takes two openings."
            )
        if not known_zone(each.zone):
            yield f"Opening {number}: {each.zone[:40]!r} is not the name of a time zone."
