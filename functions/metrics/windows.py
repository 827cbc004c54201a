"""Stretches of time with what happened in them: slots of 10 s, minutes of 60 s. Pure.

A slot is written by one instance; a minute is the sum of its slots, so whoever computes it comes
to the same content. `store.py` reads and writes them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from functions.metrics.distinct import NOBODY
from functions.metrics.tally import Tally, merge_all

SLOT_SECONDS = 10
MINUTE_SECONDS = 60


class Arm(NamedTuple):
    """A version of a service: what is judged, alerted on and rolled back."""

    service: str
    version: str


@dataclass(frozen=True)
class Window:
    """What one version did under one generation of the snapshot, from `start` for `seconds`."""

    start: int
    seconds: int
    service: str
    version: str
    generation: int
    tally: Tally

    @property
    def arm(self) -> Arm:
        return Arm(self.service, self.version)

    @property
    def end(self) -> int:
        return self.start + self.seconds


def slot_start(at: float) -> int:
    """The start of the slot that holds a time (epoch seconds)."""
    return int(at // SLOT_SECONDS) * SLOT_SECONDS


def minute_start(at: float) -> int:
    """The start of the minute that holds a time (epoch seconds)."""
    return int(at // MINUTE_SECONDS) * MINUTE_SECONDS


def total(
    windows: Iterable[Window],
    service: str,
    version: str,
    since: float,
    *,
    until: float | None = None,
    min_generation: int | None = None,
) -> Tally:
    """What a version did in the windows that start in [since, until).

    `min_generation` leaves out what was served under an earlier snapshot: a stage's window begins
    where its generation does.
    """
    return merge_all(
        window.tally
        for window in windows
        if window.service == service
        and window.version == version
        and window.start >= since
        and (until is None or window.start < until)
        and (min_generation is None or window.generation >= min_generation)
    )


def minutes(slots: Iterable[Window]) -> list[Window]:
    """The minutes that the slots add up to, one for each version and generation, sorted; without
    the samples of users, which are for rollouts."""
    parts: defaultdict[tuple[int, str, str, int], list[Tally]] = defaultdict(list)
    for slot in slots:
        key = (minute_start(slot.start), slot.service, slot.version, slot.generation)
        parts[key].append(replace(slot.tally, users=NOBODY, slowest={}))
    return [
        Window(start, MINUTE_SECONDS, service, version, generation, merge_all(tallies))
        for (start, service, version, generation), tallies in sorted(parts.items())
    ]


def grown(before: Tally, after: Tally) -> bool:
    """Whether a sum holds no less than another, of all that is counted.

    Names may have moved to `other` since, so measures and durations count by all names together.
    """
    return all(one <= two for one, two in zip(_sizes(before), _sizes(after), strict=True))


def _sizes(tally: Tally) -> tuple[int, ...]:
    reported = sum(measure.count for measure in tally.measures.values())
    timed = sum(timing.count for timing in tally.timings.values())
    return tally.requests, tally.failures, reported, timed
