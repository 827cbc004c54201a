"""The slots of the last minutes, kept over the looks of a process: only what is new is read.

Hundreds of instances write thousands of slots in three minutes, and a look every ten seconds would
read each of them eighteen times. So what was read is kept, and a look asks for what was written
since the last one, and a while before: an instance notes the time of a write before it makes it.
Once a minute all of the last three are read, for the instance whose clock is behind the others'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions import log
from functions.documents import Document, Scope, Store
from functions.metrics import store as metric_store
from functions.metrics.store import RECENT_SECONDS, SLOTS_LIMIT, window_of
from functions.metrics.windows import SLOT_SECONDS, Window, slot_start

OVERLAP_SECONDS = 20
"""How much later than its `flushed_at` a slot may be seen: an instance waits a second for its
write to be made, `tick` five, and clocks differ."""

WHOLE_EVERY_SECONDS = 60.0
KEPT_SECONDS = 300
"""As far back as rollouts look: what is folded into their evidence is up to a minute older."""

FRESH_SECONDS = 2.0
"""What was read so lately serves a whole look: rules and rollouts decide on the same."""


@dataclass(frozen=True)
class _Kept:
    flushed_at: float
    version: Any
    slot: Window


@dataclass(frozen=True)
class _Look:
    """`whole_at` is when all of the last minutes were read last."""

    at: float
    whole_at: float
    kept: Mapping[str, _Kept]

    def slots(self, since: float) -> list[Window]:
        """Those written since then."""
        return [each.slot for each in self.kept.values() if each.flushed_at >= since]

    @property
    def seen_until(self) -> float:
        """What was written until then has been seen, by whichever clock is behind: this process's,
        or that of the instance that wrote last."""
        newest = max((each.flushed_at for each in self.kept.values()), default=float("-inf"))
        return min(self.at, newest)


_NEVER = _Look(float("-inf"), float("-inf"), {})


@dataclass(frozen=True)
class _Older:
    """What was written in [since, until), which looks don't keep: what somebody writes anew since
    then, a look sees."""

    since: float
    until: float
    slots: Mapping[str, Window]

    def reaches(self, since: float, until: float) -> bool:
        return self.since <= since and until <= self.until


_NOTHING = _Older(float("inf"), float("-inf"), {})


class Slots:
    """One a process. Two who look at once read the same twice, and come to the same."""

    def __init__(self) -> None:
        self._looks: dict[Scope, _Look] = {}
        self._older: dict[Scope, _Older] = {}

    def flushed(self, store: Store, scope: Scope, now: float) -> list[Window]:
        """As metrics.store.load_flushed for RECENT_SECONDS. Raises StoreUnavailable."""
        look = self._look(store, scope, now)
        return look.slots(slot_start(now - RECENT_SECONDS))

    def recent(self, store: Store, scope: Scope, now: float, span: float) -> list[Window]:
        """As metrics.store.load_recent, or as it was less than FRESH_SECONDS ago.

        Raises StoreUnavailable.
        """
        last = self._looks.get(scope, _NEVER)
        fresh = 0 <= now - last.at < FRESH_SECONDS
        look = last if fresh else self._look(store, scope, now)
        since = slot_start(now - span)
        slots = look.slots(since)
        if span > KEPT_SECONDS:
            older = self._before(store, scope, since, slot_start(look.at - KEPT_SECONDS))
            slots += [slot for path, slot in older.slots.items() if path not in look.kept]
        return [slot for slot in slots if slot.start >= since]

    def _before(self, store: Store, scope: Scope, since: float, until: float) -> _Older:
        """After an outage of `tick`: read once, not once for every rollout."""
        known = self._older.get(scope, _NOTHING)
        if known.reaches(since, until):
            return known
        until += WHOLE_EVERY_SECONDS
        documents = metric_store.flushed_since(store, scope, since, until)
        slots = {document.path: window_of(document, SLOT_SECONDS) for document in documents}
        older = _Older(since, until, slots)
        if not _cut(documents):
            self._older[scope] = older
        return older

    def _look(self, store: Store, scope: Scope, now: float) -> _Look:
        """Reads what is new. What had to be cut is not kept: nobody knows what is missing."""
        last = self._looks.get(scope, _NEVER)
        if not 0 <= now - last.at < RECENT_SECONDS:  # a pause, or somebody set a clock back
            last = _NEVER
        since, whole = _since(last, now)
        if whole and last.kept:
            found = metric_store.flushed_since(store, scope, since, fields=("flushed_at",))
            new = metric_store.slots_at(store, _unknown(found, last.kept))
        else:
            found = new = metric_store.flushed_since(store, scope, since)
        kept = {} if last is _NEVER else _still_kept(last.kept, slot_start(now - KEPT_SECONDS))
        kept |= {document.path: _keep(document, last.kept) for document in new}
        look = _Look(now, now if whole else last.whole_at, kept)
        if _cut(found):
            self._looks.pop(scope, None)
        else:
            self._looks[scope] = look
        if whole:
            self._older.pop(scope, None)
        return look


def _unknown(found: Sequence[Document], kept: Mapping[str, _Kept]) -> list[str]:
    """Where those are that aren't kept, or not as they are now: the others need not be read."""
    return [
        each.path
        for each in found
        if each.path not in kept or kept[each.path].version != each.version
    ]


def _cut(documents: Sequence[Document]) -> bool:
    if len(documents) < SLOTS_LIMIT:
        return False
    log.error("slots_cut", limit=SLOTS_LIMIT)
    return True


def _since(last: _Look, now: float) -> tuple[float, bool]:
    """From when on slots are read, and whether these are all of the last minutes."""
    if last is _NEVER:
        return slot_start(now - KEPT_SECONDS), True
    recent = slot_start(now - RECENT_SECONDS)
    if now - last.whole_at >= WHOLE_EVERY_SECONDS:
        return recent, True
    return max(float(recent), last.seen_until - OVERLAP_SECONDS), False


def _still_kept(kept: Mapping[str, _Kept], since: float) -> dict[str, _Kept]:
    return {path: each for path, each in kept.items() if each.flushed_at >= since}


def _keep(document: Document, before: Mapping[str, _Kept]) -> _Kept:
    known = before.get(document.path)
    if known and known.version == document.version:
        return known
    flushed_at = document.data["flushed_at"].timestamp()
    return _Kept(flushed_at, document.version, window_of(document, SLOT_SECONDS))
