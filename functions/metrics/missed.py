"""Minutes that nobody summed up while no tick ran: they are summed up before anything else is.

Looks that follow each other see every slot, so there is nothing to do. After a pause, or in a new
process, what follows the newest minute that is stored is read page by page, oldest first. Summing
up twice comes to the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from functions import log
from functions.clock import Clock
from functions.documents import Scope, Store
from functions.metrics import store as metric_store
from functions.metrics import windows
from functions.metrics.minutes import LATEST_SECONDS, write_minutes
from functions.metrics.store import RECENT_SECONDS
from functions.metrics.windows import MINUTE_SECONDS, Window, minute_start, slot_start

PAUSE_SECONDS = RECENT_SECONDS - 2 * MINUTE_SECONDS
"""Looks that are closer to each other miss nothing."""

PAGE = 5_000
SECONDS = 5.0
"""For a look: rollouts wait for it. What is left is the next look's."""


class Missed:
    """One a process."""

    def __init__(self) -> None:
        self._looked_at: dict[Scope, float] = {}
        self._left_from: dict[Scope, int] = {}

    def sum_up(self, store: Store, clock: Clock, scope: Scope) -> int:
        """How many minutes were written. Raises StoreUnavailable: then they are still missed."""
        now = clock.now()
        since = self._left_from.get(scope)
        if since is None:
            if 0 <= now - self._looked_at.get(scope, float("-inf")) < PAUSE_SECONDS:
                self._looked_at[scope] = now
                return 0
            since = _since(store, scope, now)
        self._left_from[scope] = since
        until = minute_start(slot_start(now - RECENT_SECONDS)) + MINUTE_SECONDS
        deadline = clock.monotonic() + SECONDS
        written = 0
        while since < until:
            if clock.monotonic() >= deadline:
                log.warning("minutes_missed", minutes=(until - since) // MINUTE_SECONDS)
                return written
            slots, since = _page(store, scope, since, until)
            written += write_minutes(store, scope, windows.minutes(slots))
            self._left_from[scope] = since
        del self._left_from[scope]
        self._looked_at[scope] = now
        if written:
            log.info("missed_minutes_summed_up", minutes=written)
        return written


def _since(store: Store, scope: Scope, now: float) -> int:
    """The minute after the newest that is stored, as far back as slots are whole."""
    earliest = minute_start(now - LATEST_SECONDS) + MINUTE_SECONDS
    newest = metric_store.newest_minute(store, scope)
    return earliest if newest is None else max(earliest, newest + MINUTE_SECONDS)


def _page(store: Store, scope: Scope, since: int, until: int) -> tuple[Sequence[Window], int]:
    """The slots of the next minutes, each of them whole, and where the next page begins."""
    slots = metric_store.slots_between(store, scope, since, until, PAGE)
    if len(slots) < PAGE:
        return slots, until
    last = minute_start(slots[-1].start)
    whole = [slot for slot in slots if slot.start < last]
    if whole:
        return whole, last
    return metric_store.slots_of(store, scope, last), last + MINUTE_SECONDS
