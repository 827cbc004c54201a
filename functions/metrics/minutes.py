"""Closed minutes are summed up of their slots and written when they changed.

Another process may sum up the same minutes at once: it comes to the same content, and the one that
is refused leaves it at that. One that stalled between reading slots and writing has seen less than
another that wrote meanwhile, and leaves the sum that holds more. What a process has seen stored it
doesn't read again, so a look costs the minutes that are new, not all of the last three.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from functions import log
from functions.documents import Refused, Scope, Store, Write
from functions.metrics import windows
from functions.metrics.store import (
    BATCH,
    RECENT_SECONDS,
    SLOTS_KEPT_SECONDS,
    SLOTS_LIMIT,
    documents_of,
    minute_data,
    minute_path,
    slots_of,
    window_of,
)
from functions.metrics.windows import MINUTE_SECONDS, Window, minute_start

LATE_LIMIT = 20
"""Minutes a look for which slots came late, the newest: the others are of the next looks."""

LATEST_SECONDS = SLOTS_KEPT_SECONDS - 3_600
"""What is written later than that is not summed up: some slots of its minute have expired, and the
minute would become smaller than it was."""


@dataclass
class _Known:
    """Of one environment: the tallies of minutes as they are stored, by path, and by minute the
    late slots that were summed up. Replaced, never changed: two ticks may look at once."""

    stored: dict[str, str] = field(default_factory=dict)
    late: dict[int, list[Window]] = field(default_factory=dict)

    def forget(self, before: float, late: Iterable[int]) -> None:
        """What no look will ask for again."""
        kept = set(late)
        self.late = {start: slots for start, slots in self.late.items() if start in kept}
        self.stored = {
            path: text for path, text in self.stored.items() if _start_of(path) >= before
        }


class Minutes:
    """One a process."""

    def __init__(self) -> None:
        self._known: dict[Scope, _Known] = {}

    def merge(self, store: Store, scope: Scope, now: float, flushed: Sequence[Window]) -> int:
        """Writes the closed minutes that `flushed` (from Slots or load_flushed) touches; how many
        changed. Raises StoreUnavailable."""
        if len(flushed) >= SLOTS_LIMIT:
            log.error("slots_cut", limit=SLOTS_LIMIT)  # a minute would be smaller than it was
            return 0
        known = self._known.setdefault(scope, _Known())
        recent = windows.slot_start(now - RECENT_SECONDS)
        closed = [slot for slot in flushed if minute_start(slot.start) + MINUTE_SECONDS <= now]
        slots = [slot for slot in closed if minute_start(slot.start) >= recent]
        late = _by_minute(slot for slot in closed if minute_start(slot.start) < recent)
        due = [start for start in sorted(late) if known.late.get(start) != late[start]]
        too_late = [start for start in due if start < now - LATEST_SECONDS]
        if too_late:
            log.error("slots_too_late", minutes=len(too_late))
            known.late = known.late | {start: late[start] for start in too_late}
            due = due[len(too_late) :]
        for start in due[-LATE_LIMIT:]:
            slots += slots_of(store, scope, start)
        written = _write(store, scope, known, windows.minutes(slots))
        if written is None:
            return 0
        known.late = known.late | {start: late[start] for start in due[-LATE_LIMIT:]}
        known.forget(recent, late)
        return written


def sum_again(store: Store, scope: Scope, minute: int) -> int:
    """How many sums of a closed minute were not as its slots say, and now are.

    Here alone a sum may become smaller: its document is read before the slots are, so whatever
    somebody makes of newer slots refuses it. Not for minutes whose slots may have expired. Raises
    StoreUnavailable.
    """
    before = documents_of(store, scope, minute)
    slots = slots_of(store, scope, minute)
    if len(slots) >= SLOTS_LIMIT:
        log.error("slots_cut", limit=SLOTS_LIMIT)
        return 0
    sums = {minute_path(scope, each): each for each in windows.minutes(slots)}
    writes = []
    for path, each in sums.items():
        document, data = before.get(path), minute_data(each)
        if document is None:
            writes.append(Write.create(path, data))
        elif document.data["tally"] != data["tally"]:
            writes.append(Write.update(document, data))
    return len(writes) if _commit(store, writes) else 0


def write_minutes(store: Store, scope: Scope, minutes: Sequence[Window]) -> int:
    """How many of these sums were not stored so, and now are; 0 when somebody else was faster."""
    return _write(store, scope, _Known(), minutes) or 0


def _by_minute(slots: Iterable[Window]) -> dict[int, list[Window]]:
    found: dict[int, list[Window]] = {}
    for slot in slots:
        found.setdefault(minute_start(slot.start), []).append(slot)
    return found


def _write(store: Store, scope: Scope, known: _Known, minutes: Sequence[Window]) -> int | None:
    """How many were written; None when somebody else was faster.

    No sum is replaced by one that has less of anything: who has seen less of the slots has read
    them earlier, and slots only grow.
    """
    sums = {minute_path(scope, minute): minute for minute in minutes}
    texts = {path: minute_data(minute) for path, minute in sums.items()}
    changed = {
        path: data for path, data in texts.items() if known.stored.get(path) != data["tally"]
    }
    writes, stored = [], {path: str(data["tally"]) for path, data in changed.items()}
    for path, document in store.get_many(list(changed)).items():
        data = changed[path]
        if document is None:
            writes.append(Write.create(path, data))
        elif document.data["tally"] == data["tally"]:
            continue
        elif windows.grown(window_of(document, MINUTE_SECONDS).tally, sums[path].tally):
            writes.append(Write.update(document, data))
        else:
            stored[path] = document.data["tally"]
    if not _commit(store, writes):
        return None
    known.stored = known.stored | stored
    return len(writes)


def _commit(store: Store, writes: Sequence[Write]) -> bool:
    """False when somebody else was faster with one of them."""
    for first in range(0, len(writes), BATCH):
        try:
            store.commit(writes[first : first + BATCH])
        except Refused:
            return False
    return True


def _start_of(path: str) -> int:
    return int(path.rpartition("/")[2].partition("_")[0])
