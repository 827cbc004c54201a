"""Sums that many events are added to, quickly: merging tallies one by one takes ten times as long.
Pure.

What comes out is the same as merging the tallies of the events, in any order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from functions.metrics import by_users, histogram, ladder
from functions.metrics.apps.declared import Reported
from functions.metrics.by_users import ByUsers
from functions.metrics.ladder import LADDER_MS
from functions.metrics.measures import Measure
from functions.metrics.measures import of as measured
from functions.metrics.tally import Tally
from functions.metrics.timings import Timing


class Prepared(NamedTuple):
    """An event as it is added: thousandths and their squares by name; of a duration the bucket and
    how many rungs it passed, too."""

    measures: Sequence[tuple[str, int, int]]
    durations: Sequence[tuple[str, int, int, int, int]]


class Teller(NamedTuple):
    """The signed-in user who reports an event, as a keyed hash, and whether it tells of harm."""

    user: str
    harmed: bool


def prepared(reported: Reported) -> Prepared:
    """Once an event, however many arms it counts for."""
    durations = measured(reported.durations)
    return Prepared(
        [(name, one.thousandths, one.squares) for name, one in measured(reported.measures).items()],
        [
            (
                name,
                one.thousandths,
                one.squares,
                histogram.index(reported.durations[name]),
                len(ladder.of(reported.durations[name])),
            )
            for name, one in durations.items()
        ],
    )


@dataclass
class _Duration:
    count: int = 0
    thousandths: int = 0
    squares: int = 0
    buckets: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    passed: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))

    def timing(self) -> Timing:
        above = {
            str(rung): sum(count for passed, count in self.passed.items() if passed > index)
            for index, rung in enumerate(LADDER_MS)
        }
        return Timing(
            Measure(self.count, self.thousandths, self.squares),
            dict(self.buckets),
            {rung: count for rung, count in above.items() if count},
        )


@dataclass
class _ByUsers:
    sums: list[int] = field(default_factory=lambda: [0, 0, 0])
    users: set[str] = field(default_factory=set)


class Sum:
    """Of one slot."""

    def __init__(self) -> None:
        self._measures: dict[str, list[int]] = {}
        self._durations: defaultdict[str, _Duration] = defaultdict(_Duration)
        self._by_users: defaultdict[str, _ByUsers] = defaultdict(_ByUsers)

    def add(self, event: Prepared, teller: Teller | None = None) -> None:
        if teller:
            self._add_told(event, teller)
        for name, thousandths, squares in event.measures:
            found = self._measures.get(name)
            if found is None:
                self._measures[name] = [1, thousandths, squares]
            else:
                found[0] += 1
                found[1] += thousandths
                found[2] += squares
        for name, thousandths, squares, bucket, passed in event.durations:
            duration = self._durations[name]
            duration.count += 1
            duration.thousandths += thousandths
            duration.squares += squares
            duration.buckets[bucket] += 1
            duration.passed[passed] += 1

    def _add_told(self, event: Prepared, teller: Teller) -> None:
        values = [*event.measures, *(each[:3] for each in event.durations)]
        for name, thousandths, squares in values:
            told = self._by_users[name]
            told.sums[0] += 1
            told.sums[1] += thousandths
            told.sums[2] += squares
            if teller.harmed:
                told.users.add(teller.user)

    def tally(self) -> Tally:
        return Tally(
            measures={name: Measure(*sums) for name, sums in self._measures.items()},
            timings={name: each.timing() for name, each in self._durations.items()},
            by_users={
                name: ByUsers(Measure(*told.sums), by_users.kept(told.users))
                for name, told in self._by_users.items()
            },
        )
