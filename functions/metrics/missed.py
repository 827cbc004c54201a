"""Minutes that nobody summed up while no tick ran: they are summed up before anything else is.

Looks that follow each other see every slot, so there is nothing to do. After a pause, or in a new
process, what follows the newest minute that is stored is read page by page, oldest first, and
summing up twice comes to the same. Until nothing is missed no later minute is stored or published:
whoever goes on, in whichever process, begins where this one ended.
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
from functions.metrics.windows import MINUTE_SECONDS, SLOT_SECONDS, Window, minute_start, slot_start

PAUSE_SECONDS = RECENT_SECONDS - MINUTE_SECONDS - SLOT_SECONDS
"""Looks that are closer to each other miss nothing: a slot is in sight for RECENT_SECONDS, and its
minute is over after one of them."""

PAGE = 5_000
SECONDS = 5.0
"""For a look: rollouts wait for it. What is left is the next look's."""

LEAST_SECONDS = RECENT_SECONDS + MINUTE_SECONDS
"""Every look comes so far, however long that takes: a new process begins before the newest minute
that is stored, and would store nothing new for ever."""


class Missed:
    """One a process."""

    def __init__(self) -> None:
        self._looked_at: dict[Scope, float] = {}
        self._reached: dict[Scope, int] = {}
        """What this process has summed up until then, it doesn't sum up again."""

    def sum_up(self, store: Store, clock: Clock, scope: Scope) -> bool:
        """Whether nothing is missed any more. Raises StoreUnavailable: then it still is."""
        now = clock.now()
        if 0 <= now - self._looked_at.get(scope, float("-inf")) < PAUSE_SECONDS:
            self._looked_at[scope] = now
            return True
        begin = _since(store, scope, now)
        since = max(begin, self._reached.get(scope, 0))
        until = minute_start(slot_start(now - RECENT_SECONDS)) + MINUTE_SECONDS
        deadline = clock.monotonic() + SECONDS
        written = 0
        while since < until:
            if since > begin + LEAST_SECONDS and clock.monotonic() >= deadline:
                log.warning("minutes_missed", minutes=(until - since) // MINUTE_SECONDS)
                return False
            slots, since = _page(store, scope, since, until)
            written += write_minutes(store, scope, windows.minutes(slots))
            self._reached[scope] = since
        self._looked_at[scope] = now
        if written:
            log.info("missed_minutes_summed_up", minutes=written)
        return True


def _since(store: Store, scope: Scope, now: float) -> int:
    """Where the newest minutes that are stored may not be whole yet, or slots aren't any more."""
    earliest = minute_start(now - LATEST_SECONDS) + MINUTE_SECONDS
    newest = metric_store.newest_minute(store, scope)
    return earliest if newest is None else max(earliest, newest - RECENT_SECONDS)


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
