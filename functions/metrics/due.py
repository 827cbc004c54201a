"""What is due to be published: the points of each minute, oldest first, from the stored minutes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from functions.documents import Scope, Store
from functions.metrics import points, series
from functions.metrics.performance import Score
from functions.metrics.series import Point, Reading
from functions.metrics.store import WINDOWS_LIMIT, load_minutes
from functions.metrics.windows import MINUTE_SECONDS, Window

HEARTBEAT = Reading(series.TICK_HEARTBEAT, 1)

Derive = Callable[[Sequence[Window], int], Sequence[Reading]]
"""What more is known of a minute, from the minutes up to its end (epoch seconds): rules' values."""


AGAIN_SECONDS = 120
"""What came late may have changed a minute that was read so lately."""


class Held:
    """The minutes that were read last: what is looked back on is not read again each minute. One a
    process."""

    def __init__(self) -> None:
        self._of: dict[Scope, tuple[int, int, list[Window]]] = {}

    def between(self, scope: Scope, since: int, until: int) -> list[Window] | None:
        """The minutes that start in [since, until); None when not all of them are here."""
        first, last, windows = self._of.get(scope, (0, 0, []))
        if not first <= since <= until <= last:
            return None
        return [window for window in windows if since <= window.start < until]

    def keep(self, scope: Scope, since: int, until: int, windows: Sequence[Window]) -> None:
        """Instead of what was kept before."""
        kept = [window for window in windows if since <= window.start < until]
        self._of[scope] = (since, until, kept)


@dataclass(frozen=True)
class Extra:
    """What is published beside what the windows say by themselves.

    readings   gauges as they stand now
    derive     gauges of any minute; `reach_seconds` is how far back it looks from its end
    scores     how services are scored where somebody decided
    held       where the minutes that were looked back on are kept
    """

    readings: Sequence[Reading] = ()
    derive: Derive | None = None
    reach_seconds: int = 0
    scores: Mapping[str, Score] = field(default_factory=dict)
    held: Held = field(default_factory=Held)


class Batch(NamedTuple):
    """The points of a minute."""

    minute: int
    points: Sequence[Point]


def due(store: Store, scope: Scope, first: int, newest: int, extra: Extra) -> Iterator[Batch]:
    """The minutes from `first` on that have points; the newest has its heartbeat in any case.

    Raises StoreUnavailable, before the first of them.
    """
    windows, whole = _load(store, scope, first, newest, extra)
    starts = [window.start for window in windows]
    for minute in range(first, whole + 1, MINUTE_SECONDS):
        end = minute + MINUTE_SECONDS
        until = bisect_left(starts, end)
        found = points.of_minute(windows[bisect_left(starts, minute) : until], minute, extra.scores)
        if extra.derive:
            since = bisect_left(starts, end - extra.reach_seconds)
            found += points.of_readings(extra.derive(windows[since:until], end), minute)
        if minute == newest:
            found += points.of_readings([*extra.readings, HEARTBEAT], minute)
        if found:
            yield Batch(minute, found)


def _load(
    store: Store, scope: Scope, first: int, newest: int, extra: Extra
) -> tuple[list[Window], int]:
    """The windows for the minutes from `first` on, and the last minute of which none is missing.

    Where it is too much for one query the rest follows in the next run, but for one minute at least
    there are all.
    """
    back = max(0, extra.reach_seconds - MINUTE_SECONDS)
    again = max(first - back, first - AGAIN_SECONDS)
    known = extra.held.between(scope, first - back, again)
    read, whole = _read(store, scope, first - back if known is None else again, first, newest)
    windows = [*(known or ()), *read]
    following = whole + MINUTE_SECONDS
    extra.held.keep(scope, max(first - back, following - back), following, windows)
    return windows, whole


def _read(
    store: Store, scope: Scope, since: int, first: int, newest: int
) -> tuple[list[Window], int]:
    limit = WINDOWS_LIMIT
    while True:
        windows = load_minutes(store, scope, since, limit)
        if len(windows) < limit:
            return windows, newest
        whole = windows[-1].start - MINUTE_SECONDS
        if whole >= first:
            return windows, min(whole, newest)
        limit *= 2
