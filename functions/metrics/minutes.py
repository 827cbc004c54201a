"""Closed minutes are summed up of their slots and written when they changed.

Another process may sum up the same minutes at once: it comes to the same content, and the one that
is refused leaves it at that. One that stalled between reading slots and writing has seen less than
another that wrote meanwhile, and leaves the sum that holds more. What a process has seen stored it
doesn't read again, so a look costs the minutes that are new, not all of the last three.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
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
    slots that are in its sums, each by its identity: what Slots keeps stays the same object for as
    long as it is the same. Replaced, never changed: two ticks may look at once."""

    stored: dict[str, str] = field(default_factory=dict)
    summed: dict[int, dict[int, Window]] = field(default_factory=dict)

    def new(self, start: int, slots: Iterable[Window]) -> bool:
        """Whether any of a minute's slots is not in its sums yet."""
        summed = self.summed.get(start, {})
        return any(id(slot) not in summed for slot in slots)

    def note(self, minutes: Mapping[int, Sequence[Window]], starts: Iterable[int]) -> None:
        noted = {start: {id(slot): slot for slot in minutes[start]} for start in starts}
        self.summed = {**self.summed, **noted}

    def forget(self, before: float, minutes: Container[int]) -> None:
        """What no look will ask for again."""
        self.summed = {start: slots for start, slots in self.summed.items() if start in minutes}
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
        minutes = _by_minute(
            slot for slot in flushed if minute_start(slot.start) + MINUTE_SECONDS <= now
        )
        due = [start for start in sorted(minutes) if known.new(start, minutes[start])]
        too_late = [start for start in due if start < now - LATEST_SECONDS]
        if too_late:
            log.error("slots_too_late", minutes=len(too_late))
            known.note(minutes, too_late)
        late = [start for start in due[len(too_late) :] if start < recent][-LATE_LIMIT:]
        whole = [start for start in due if start >= recent]
        slots = [slot for start in whole for slot in minutes[start]]
        for start in late:
            slots += slots_of(store, scope, start)
        written = _write(store, scope, known, windows.minutes(slots))
        if written is None:
            return 0
        known.note(minutes, [*whole, *late])
        known.forget(recent, minutes)
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
