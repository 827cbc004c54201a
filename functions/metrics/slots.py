"""The slots of the last minutes, kept over the looks of a process: only what is new is read.

Hundreds of instances write thousands of slots in three minutes, and a look every ten seconds would
read each of them eighteen times. So what was read is kept, and a look asks for what was written
since the last one, and a while before: an instance notes the time of a write before it makes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.documents import Document, Scope, Store
from functions.metrics import store as metric_store
from functions.metrics.store import RECENT_SECONDS, SLOTS_LIMIT, window_of
from functions.metrics.windows import SLOT_SECONDS, Window, slot_start

OVERLAP_SECONDS = 20
"""How much later than its `flushed_at` a slot may be seen: an instance waits a second for its
write to be made, `tick` five, and clocks differ."""

FRESH_SECONDS = 2.0
"""What was read so lately serves a whole look: rules and rollouts decide on the same."""


@dataclass(frozen=True)
class _Kept:
    flushed_at: float
    version: Any
    slot: Window


@dataclass(frozen=True)
class _Look:
    at: float
    kept: Mapping[str, _Kept]

    @property
    def slots(self) -> list[Window]:
        return [each.slot for each in self.kept.values()]

    @property
    def seen_until(self) -> float:
        """What was written until then has been seen, by whichever clock is behind: this process's,
        or that of the instance that wrote last."""
        newest = max((each.flushed_at for each in self.kept.values()), default=float("-inf"))
        return min(self.at, newest)


_NEVER = _Look(float("-inf"), {})


class Slots:
    """One a process. Two who look at once read the same twice, and come to the same."""

    def __init__(self) -> None:
        self._looks: dict[Scope, _Look] = {}

    def flushed(self, store: Store, scope: Scope, now: float) -> list[Window]:
        """As metrics.store.load_flushed for RECENT_SECONDS. Raises StoreUnavailable."""
        since = float(slot_start(now - RECENT_SECONDS))
        last = self._looks.get(scope, _NEVER)
        if last.at > now:  # somebody set a clock back
            last = _NEVER
        new_since = max(since, last.seen_until - OVERLAP_SECONDS)
        documents = metric_store.flushed_since(store, scope, new_since)
        if len(documents) >= SLOTS_LIMIT:  # cut: nobody knows what is missing
            self._looks.pop(scope, None)
            return [window_of(document, SLOT_SECONDS) for document in documents]
        kept = {path: each for path, each in last.kept.items() if each.flushed_at >= since}
        kept |= {document.path: _keep(document, last.kept) for document in documents}
        look = self._looks[scope] = _Look(now, kept)
        return look.slots

    def recent(self, store: Store, scope: Scope, now: float, span: float) -> list[Window]:
        """As metrics.store.load_recent, or as it was less than FRESH_SECONDS ago.

        Raises StoreUnavailable.
        """
        if span > RECENT_SECONDS:
            return metric_store.load_recent(store, scope, now, span)
        last = self._looks.get(scope, _NEVER)
        fresh = 0 <= now - last.at < FRESH_SECONDS
        slots = last.slots if fresh else self.flushed(store, scope, now)
        since = slot_start(now - span)
        return [slot for slot in slots if slot.start >= since]


def _keep(document: Document, before: Mapping[str, _Kept]) -> _Kept:
    known = before.get(document.path)
    if known and known.version == document.version:
        return known
    flushed_at = document.data["flushed_at"].timestamp()
    return _Kept(flushed_at, document.version, window_of(document, SLOT_SECONDS))
