"""The minutes before those that slots tell of, for rules with a long window, kept in the process: a
minute is read once or twice, and only where a rule looks so far back."""

from __future__ import annotations

from dataclasses import dataclass

from functions.alerts.measures import SHORT_SECONDS, settled_before
from functions.documents import Scope, Store
from functions.metrics.hour_store import minutes_between
from functions.metrics.windows import Window

AGAIN_SECONDS = 120
"""What came late may have changed a minute that was read so lately."""


@dataclass(frozen=True)
class _Held:
    since: int
    until: int
    minutes: tuple[Window, ...]


class Past:
    """One a process."""

    def __init__(self) -> None:
        self._held: dict[Scope, _Held] = {}

    def of(self, store: Store, scope: Scope, now: float, reach_seconds: int) -> list[Window]:
        """The settled minutes of the last `reach_seconds`; none when slots reach far enough.

        Raises StoreUnavailable.
        """
        if reach_seconds <= SHORT_SECONDS:
            self._held.pop(scope, None)
            return []
        until = settled_before(now)
        since = until - reach_seconds
        held = self._held.get(scope)
        if held and held.since <= since and held.until == until:
            return [minute for minute in held.minutes if minute.start >= since]
        kept: list[Window] = []
        first = since
        if held and held.since <= since and held.until < until:
            first = max(since, held.until - AGAIN_SECONDS)
            kept = [minute for minute in held.minutes if since <= minute.start < first]
        pages = minutes_between(store, scope, first, until)
        read = [minute for page in pages for minute in page]
        self._held[scope] = _Held(since, until, (*kept, *read))
        return [*kept, *read]
