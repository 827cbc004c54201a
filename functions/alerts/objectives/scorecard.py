"""How an environment does by what its team set out to reach. Pure.

| row          | reached when                | of                                                 |
|--------------|-----------------------------|----------------------------------------------------|
| availability | at least 99.9 %             | served requests: those that did not fail           |
| releases     | at least 95 %               | rollouts that ended: those that succeeded          |
| satisfaction | at least 85 %               | the mean of `satisfied`: 4 or 5 stars              |
| nps          | at least 90                 | the mean of `nps`: 100, 0 or -100 a promoter or not |
| adoption     | at least 70 %               | the mean of `adoption`: who took it up, or not     |
| retention    | no less than 30 days before | the mean of `retention`: who came back, or not     |
| performance  | at least 20 % faster        | mean execution time, against 90 days before        |

Each is taken over the last PERIOD_DAYS whole days (UTC), and compared with as many days before
them. What nobody measured is no data, and never reached.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from functions.alerts.objectives.counting import OWN, TEST
from functions.metrics import names
from functions.metrics.hours import DAY_SECONDS, kind
from functions.metrics.measures import NONE, Measure, add
from functions.metrics.windows import Window

PERIOD_DAYS = 30
PERIOD_SECONDS = PERIOD_DAYS * DAY_SECONDS
LONG_AGO_SECONDS = 90 * DAY_SECONDS
STEADY = 0.001
"""What changed by no more than this share of itself is steady."""

HISTORY_DAYS = 90
DIGITS = 9
"""Behind the point, so that what is just reached is."""

SHARE = "share"
POINTS = "points"

MET = "met"
MISSED = "missed"
NO_DATA = "no data"

RISING = "rising"
FALLING = "falling"
SAME = "steady"

NPS = "nps"
ADOPTION = "adoption"
RETENTION = "retention"


class Releases(NamedTuple):
    """Rollouts that ended in a period, of which so many succeeded."""

    ended: int
    succeeded: int


NO_RELEASES = Releases(0, 0)


@dataclass(frozen=True)
class Seen:
    """What there is to judge by: sums of days, and the rollouts that ended, by period.

    now       the last PERIOD_DAYS
    before    as many days before them
    long_ago  as many, LONG_AGO_SECONDS before the last ones
    """

    now: Sequence[Window]
    before: Sequence[Window]
    long_ago: Sequence[Window]
    releases: Releases = NO_RELEASES
    releases_before: Releases = NO_RELEASES


@dataclass(frozen=True)
class Row:
    """
    unit    SHARE (0 to 1, or a change of so much) or POINTS
    target  what `value` is to reach; None: what it was before
    sample  how many requests, releases or values it comes of
    trend   of the value against the period before; None when either isn't known
    """

    id: str
    unit: str
    target: float | None
    value: float | None
    before: float | None
    sample: int
    status: str
    trend: str | None

    def to_document(self) -> dict[str, Any]:
        return asdict(self)


class Figure(NamedTuple):
    value: float | None
    sample: int = 0


def scorecard(seen: Seen) -> list[Row]:
    """Every row, in the order of the table."""
    return [
        _row("availability", SHARE, 0.999, seen, _availability),
        _against(
            "releases", SHARE, 0.95, _released(seen.releases), _released(seen.releases_before)
        ),
        _row("satisfaction", SHARE, 0.85, seen, _mean_of(names.SATISFIED)),
        _row(NPS, POINTS, 90.0, seen, _mean_of(NPS)),
        _row(ADOPTION, SHARE, 0.70, seen, _mean_of(ADOPTION)),
        _retention(seen),
        _against("performance", SHARE, 0.20, faster(seen.now, seen.long_ago), Figure(None)),
    ]


def with_today(
    history: Mapping[str, Mapping[str, float]], day: str, rows: Iterable[Row]
) -> dict[str, Mapping[str, float]]:
    """The values by day (ISO), of the last HISTORY_DAYS."""
    values = {row.id: row.value for row in rows if row.value is not None}
    both = {**history, day: values}
    return {each: both[each] for each in sorted(both)[-HISTORY_DAYS:]}


def faster(now: Iterable[Window], before: Iterable[Window]) -> Figure:
    """How much faster than before: 0.2 when what took 1.2 s takes 1 s. Services that were there in
    both count by their requests now, so it says nothing of which are used more."""
    times, former = _mean_times(now), _mean_times(before)
    shared = times.keys() & former.keys()
    served = sum(times[each].sample for each in shared)
    took = sum((times[each].value or 0.0) * times[each].sample for each in shared)
    if not took:
        return Figure(None)
    would = sum((former[each].value or 0.0) * times[each].sample for each in shared)
    return Figure(would / took - 1.0, served)


def _row(
    identifier: str,
    unit: str,
    target: float,
    seen: Seen,
    figure: Callable[[Iterable[Window]], Figure],
) -> Row:
    return _against(identifier, unit, target, figure(seen.now), figure(seen.before))


def _against(identifier: str, unit: str, target: float, figure: Figure, before: Figure) -> Row:
    value = None if figure.value is None else round(figure.value, DIGITS)
    status = NO_DATA if value is None else MET if value >= target else MISSED
    trend = _trend(value, before.value)
    return Row(identifier, unit, target, value, before.value, figure.sample, status, trend)


def _retention(seen: Seen) -> Row:
    now, before = _mean_of(RETENTION)(seen.now), _mean_of(RETENTION)(seen.before)
    trend = _trend(now.value, before.value)
    status = NO_DATA if trend is None else MISSED if trend == FALLING else MET
    return Row(RETENTION, SHARE, None, now.value, before.value, now.sample, status, trend)


def _trend(value: float | None, before: float | None) -> str | None:
    if value is None or before is None:
        return None
    if abs(value - before) <= STEADY * abs(before):
        return SAME
    return RISING if value > before else FALLING


def _released(releases: Releases) -> Figure:
    if not releases.ended:
        return Figure(None)
    return Figure(releases.succeeded / releases.ended, releases.ended)


def _availability(days: Iterable[Window]) -> Figure:
    served = failures = 0
    for day in days:
        if kind(day.version) in OWN:
            served += day.tally.served
            failures += day.tally.failures
    return Figure(1.0 - failures / served if served else None, served)


def _mean_of(name: str) -> Callable[[Iterable[Window]], Figure]:
    def mean(days: Iterable[Window]) -> Figure:
        found: Measure = NONE
        for day in days:
            if kind(day.version) != TEST:
                found = add(found, day.tally.measure(name))
        return Figure(found.mean, found.count)

    return mean


def _mean_times(days: Iterable[Window]) -> dict[str, Figure]:
    """The mean execution time (ms) of each service, and its requests."""
    taken: defaultdict[str, int] = defaultdict(int)
    served: defaultdict[str, int] = defaultdict(int)
    for day in days:
        if kind(day.version) in OWN:
            taken[day.service] += day.tally.duration_sum_ms
            served[day.service] += day.tally.served
    return {
        service: Figure(taken[service] / count, count) for service, count in served.items() if count
    }
