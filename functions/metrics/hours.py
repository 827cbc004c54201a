"""Hours and days as sums of minutes, for what looks further back than minutes are kept. Pure.

An hour is the sum of its minutes over all generations of the snapshot, without users: nobody is
traced over months. Hours and days are UTC's. What reaches Firestore more than GRACE_SECONDS after
an hour's end is not in its sum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from functions.metrics.distinct import NOBODY
from functions.metrics.tally import EMPTY, Tally, merge, merge_all
from functions.metrics.windows import Window

HOUR_SECONDS = 3_600
DAY_SECONDS = 86_400
GRACE_SECONDS = 3_600
HOURS_KEPT_SECONDS = 90 * DAY_SECONDS
DAYS_KEPT_SECONDS = 2 * 366 * DAY_SECONDS

LONGEST_BASELINE_DAYS = 28
ASIDE = "+"
"""`1.3.0+claimed`: counted beside a version, not of it."""


def hour_start(at: float) -> int:
    """The start of the hour that holds a time (epoch seconds)."""
    return int(at // HOUR_SECONDS) * HOUR_SECONDS


def day_start(at: float) -> int:
    """The start of the day that holds a time (epoch seconds)."""
    return int(at // DAY_SECONDS) * DAY_SECONDS


def without_users(tally: Tally) -> Tally:
    """All of it but who it was, and in which order."""
    return replace(
        tally,
        users_failing=frozenset(),
        users=NOBODY,
        slowest={},
        by_users={},
        recent=(),
        first_failure_at=None,
        last_failure_at=None,
    )


def hours(minutes: Iterable[Window]) -> list[Window]:
    """The hours that minutes add up to, one for each version, sorted."""
    return _sums(minutes, HOUR_SECONDS)


def days(hours: Iterable[Window]) -> list[Window]:
    """The days that hours add up to, one for each version, sorted."""
    return _sums(hours, DAY_SECONDS)


@dataclass(frozen=True)
class Baseline:
    """What was usual: the sum of the same hour of the last days.

    tally   of all those hours together: a rate of it weighs each day by its volume
    days    how many of the days have that hour at all; 0: nothing is known
    """

    tally: Tally = EMPTY
    days: int = 0

    @property
    def seconds(self) -> int:
        """How long the hours of the sum are together: what a number per second takes."""
        return self.days * HOUR_SECONDS


def baseline_hours(at: float, days: int) -> list[int]:
    """The starts of the hours that a baseline is made of: the one that holds `at`, 1 to `days`
    days before. Raises ValueError beyond LONGEST_BASELINE_DAYS."""
    if not 1 <= days <= LONGEST_BASELINE_DAYS:
        raise ValueError(f"a baseline of {days} days; it takes 1 to {LONGEST_BASELINE_DAYS}")
    return [hour_start(at) - day * DAY_SECONDS for day in range(1, days + 1)]


def baseline(
    hours: Iterable[Window], service: str, at: float, days: int, version: str = ""
) -> Baseline:
    """What was usual of a service at this hour of the day, over all its versions: a new one has no
    past of its own. `hours` are the sums at least of `baseline_hours`.

    `version` says only what kind of arm it is for: that of `1.3.0+claimed` is made of what is
    counted as claimed, that of `1.3.0` of versions themselves.
    """
    wanted = set(baseline_hours(at, days))
    aside = kind(version)
    found: defaultdict[int, Tally] = defaultdict(lambda: EMPTY)
    for hour in hours:
        if hour.start in wanted and hour.service == service and kind(hour.version) == aside:
            found[hour.start] = merge(found[hour.start], hour.tally)
    return Baseline(merge_all(found.values()), len(found))


def kind(version: str) -> str:
    """What is counted beside a version: `claimed` of `1.3.0+claimed`, "" of the version itself."""
    return version.partition(ASIDE)[2]


def by_service(hours: Iterable[Window]) -> Mapping[str, Sequence[Window]]:
    """Windows by the service that they are of."""
    found: defaultdict[str, list[Window]] = defaultdict(list)
    for hour in hours:
        found[hour.service].append(hour)
    return found


def _sums(parts: Iterable[Window], seconds: int) -> list[Window]:
    tallies: defaultdict[tuple[int, str, str], list[Tally]] = defaultdict(list)
    for part in parts:
        start = int(part.start // seconds) * seconds
        tallies[start, part.service, part.version].append(without_users(part.tally))
    return [
        Window(start, seconds, service, version, 0, merge_all(some))
        for (start, service, version), some in sorted(tallies.items())
    ]
