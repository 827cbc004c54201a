"""The counts of one indicator by minute and by hour, as far back as anything looks. Pure.

Each minute is added once, in order: `through` is the last one that is in. The last of them may be
counted again, since instances and apps report late: then the new count takes the place of the old
one. A minute is added to its minute and to its hour, so burn rates over up to six hours are exact
to the minute, and what looks further back is exact to the hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from functions.alerts.objectives.counting import NOTHING, Count, total
from functions.metrics.hours import HOUR_SECONDS, hour_start
from functions.metrics.windows import MINUTE_SECONDS

MINUTES_KEPT = 360
RECOUNTED_SECONDS = 4 * MINUTE_SECONDS
"""The last minutes that are in, which may be counted again."""

HOURS_KEPT = 30 * 24 + 1
"""The one that is under way with them."""


@dataclass(frozen=True)
class Ledger:
    """
    since    the start of the first minute or hour that was counted
    through  the start of the last minute that is in
    minutes  by their start, those with anything in them
    hours    the same
    told     whether it was told what was before it
    first    the start of the first minute that was counted as such, not told
    """

    since: int
    through: int
    minutes: Mapping[int, Count] = field(default_factory=dict)
    hours: Mapping[int, Count] = field(default_factory=dict)
    told: bool = False
    first: int = 0

    @property
    def end(self) -> int:
        """When what was counted ends (epoch seconds)."""
        return self.through + MINUTE_SECONDS

    def last(self, seconds: int) -> Count:
        """What was counted in the last so many seconds; beyond six hours in whole hours, so the
        first may begin up to an hour earlier."""
        since = self.end - seconds
        if seconds <= MINUTES_KEPT * MINUTE_SECONDS:
            return total(count for start, count in self.minutes.items() if start >= since)
        return total(count for start, count in self.hours.items() if start > since - HOUR_SECONDS)


def empty(through: int) -> Ledger:
    """Nothing yet; the next minute is the one after `through`."""
    first = through + MINUTE_SECONDS
    return Ledger(first, through, first=first)


def add(ledger: Ledger, counts: Mapping[int, Count], through: int) -> Ledger:
    """With the minutes after the ledger's last one, up to and including `through`. `counts` by the
    minutes' starts; those that are in already are passed over."""
    if through <= ledger.through:
        return ledger
    minutes, hours = dict(ledger.minutes), dict(ledger.hours)
    for start, count in counts.items():
        if ledger.through < start <= through and count.total:
            minutes[start] = count
            hour = hour_start(start)
            hours[hour] = hours.get(hour, NOTHING).plus(count)
    first_minute = through - (MINUTES_KEPT - 1) * MINUTE_SECONDS
    first_hour = hour_start(through) - (HOURS_KEPT - 1) * HOUR_SECONDS
    return replace(
        ledger,
        through=through,
        minutes={start: count for start, count in minutes.items() if start >= first_minute},
        hours={start: count for start, count in hours.items() if start >= first_hour},
    )


def recount(ledger: Ledger, counts: Mapping[int, Count]) -> Ledger:
    """With new counts of minutes that are in already, of the last RECOUNTED_SECONDS.

    One that knows of less than what is in is passed over: it was made earlier.
    """
    minutes, hours = dict(ledger.minutes), dict(ledger.hours)
    since = max(ledger.first, ledger.end - RECOUNTED_SECONDS)
    for start, count in counts.items():
        before = minutes.get(start, NOTHING)
        if since <= start <= ledger.through and count != before and count.total >= before.total:
            minutes[start] = count
            hour = hour_start(start)
            hours[hour] = hours.get(hour, NOTHING).plus(count).less(before)
    return replace(ledger, minutes=minutes, hours=hours)


def with_past(ledger: Ledger, hours: Mapping[int, Count]) -> Ledger:
    """With the hours that ended before anything was counted: what a new ledger is told, once."""
    older = {
        start: count
        for start, count in hours.items()
        if start + HOUR_SECONDS <= hour_start(ledger.since) and count.total
    }
    since = min(older, default=ledger.since)
    return replace(ledger, since=since, hours={**older, **ledger.hours}, told=True)


def to_text(ledger: Ledger) -> str:
    """One string, in Firestore: a map would index every minute."""
    parts = (_row(ledger.minutes, MINUTE_SECONDS), _row(ledger.hours, HOUR_SECONDS))
    head = f"{ledger.since} {ledger.through} {int(ledger.told)}"
    return f"{head} {parts[0]} {parts[1]} {ledger.first}"


def from_text(text: str) -> Ledger:
    """What `to_text` wrote. Of one that doesn't say when it began nothing is counted again that was
    in before."""
    since, through, told, minutes, hours, *first = text.split(" ")
    return Ledger(
        int(since),
        int(through),
        _read(minutes, MINUTE_SECONDS),
        _read(hours, HOUR_SECONDS),
        told == "1",
        int(first[0]) if first else int(through) + MINUTE_SECONDS,
    )


def _row(counts: Mapping[int, Count], step: int) -> str:
    """`START:total/bad,total,,…`: from the first on, one a step, nothing for nothing."""
    if not counts:
        return "-"
    first, last = min(counts), max(counts)
    found = (counts.get(start, NOTHING) for start in range(first, last + step, step))
    return f"{first}:" + ",".join(_cell(count) for count in found)


def _cell(count: Count) -> str:
    if count.bad:
        return f"{count.total}/{count.bad}"
    return str(count.total) if count.total else ""


def _read(row: str, step: int) -> dict[int, Count]:
    if row == "-":
        return {}
    first, _, cells = row.partition(":")
    found = {}
    for place, cell in enumerate(cells.split(",")):
        if cell:
            events, _, bad = cell.partition("/")
            found[int(first) + place * step] = Count(int(events), int(bad or 0))
    return found
