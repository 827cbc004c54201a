"""Counts the requests of one instance and writes them to Firestore on the request path.

An instance owns its slots: each flush overwrites a slot with all that was counted in it so far, so
a flush that is repeated, or whose answer was lost, counts nothing twice. It does so on condition
that what is stored is as this instance knows it. So what is stored of a slot only grows: a flush
that nobody confirmed is refused when it lands after a newer one; and when it landed before, the
newer one is refused, and made on top of what is read then. All slots that changed go into one
commit. A failed request flushes before it answers, at most once a second; any other flushes when
the last flush is three seconds old. Nothing runs between requests: what an instance counted after
its last flush is written with its next request, and lost if it is killed before.

Firestore in trouble never fails a request. It costs the request that flushes at most
FLUSH_TIMEOUT_SECONDS, and after a failure flushes come further and further apart; what is not
written stays in memory, at most MAXIMUM_SLOTS slots of it (over an hour of one version).
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from functions import log
from functions.clock import Clock
from functions.documents import Refused, Scope, Store
from functions.metrics import tally
from functions.metrics.distinct import KEPT_OF_SLOT
from functions.metrics.observation import Note, Observation
from functions.metrics.store import SlotKey, slot_path, slot_write_after
from functions.metrics.tally import Tally
from functions.metrics.windows import SLOT_SECONDS, slot_start

FLUSH_SECONDS = 3.0
FAILURE_FLUSH_SECONDS = 1.0
FLUSH_TIMEOUT_SECONDS = 1.0
LEAST_SECONDS = 0.1
"""For a second attempt, however long the first one took."""

LONGEST_PAUSE_SECONDS = 10.0
REOPEN_SECONDS = 2 * SLOT_SECONDS
"""A slot is kept so long after its last second, for requests that end while it is being closed."""

MAXIMUM_SLOTS = 400
SLOTS_A_COMMIT = 100
VERSIONS_CAP = 50
"""Versions of a service in one slot; what is served under further ones counts as OTHER_VERSION."""

OTHER_VERSION = "+other"
"""No version is called so: a name holds no plus."""


@dataclass(frozen=True)
class _Slot:
    """What was counted, whether that is more than what was written, and the version of what is
    stored, as far as it is known: None before the first write."""

    tally: Tally
    dirty: bool = True
    version: Any = None


_NOTHING = _Slot(tally.EMPTY)


def new_instance() -> str:
    """A name for this process that no other has."""
    return secrets.token_hex(8)


class Recorder:
    """One per process, shared by its threads."""

    def __init__(
        self, store: Store, clock: Clock, instance: Callable[[], str] = new_instance
    ) -> None:
        """`instance` is asked on the first request and again in a forked process."""
        self._store = store
        self._clock = clock
        self._name_instance = instance
        self._instance = ""
        self._process = 0
        self._lock = threading.Lock()
        self._slots: dict[SlotKey, _Slot] = {}
        self._newest = 0
        self._flushing = False
        self._flushed_at = float("-inf")
        self._pause = 0.0
        self.dropped = 0
        """Requests that were counted and given up, because Firestore was away for too long."""

    def record(self, scope: Scope, *observations: Observation) -> None:
        """Counts what ended, and flushes once when it is time. Never raises for Firestore."""
        counted = [(each, tally.of(each)) for each in observations]
        self._add(scope, counted, failed=any(each.failed for each in observations))

    def note(self, scope: Scope, note: Note) -> None:
        """Adds the measures of something that is no request, as `record` does for one."""
        self._add(scope, [(note, tally.of_note(note))], failed=False)

    def flush(self) -> bool:
        """Writes all that was counted, for an instance that ends; whether it could."""
        while True:
            with self._lock:
                if self._flushing:
                    return False
                batch = self._begin()
            if not batch:
                return True
            if not self._write(batch):
                return False

    @property
    def unwritten(self) -> int:
        """Requests that were counted and not yet written."""
        with self._lock:
            return sum(slot.tally.requests for slot in self._slots.values() if slot.dirty)

    def _add(
        self, scope: Scope, counted: Iterable[tuple[Observation | Note, Tally]], *, failed: bool
    ) -> None:
        with self._lock:
            self._know_process()
            for of, one in counted:
                self._count(scope, of, one)
            batch = self._due(failed)
        if batch:
            self._write(batch)

    def _know_process(self) -> None:
        if self._process != os.getpid():
            self._process = os.getpid()
            self._instance = self._name_instance()
            self._slots.clear()
            self._flushing = False

    def _count(self, scope: Scope, of: Observation | Note, one: Tally) -> None:
        start = max(slot_start(of.at), self._newest - REOPEN_SECONDS)
        self._newest = max(self._newest, start)
        key = self._room(SlotKey(scope, start, of.service, of.version, of.generation))
        if key.version != of.version:
            one = replace(one, overflow=one.overflow + 1)
        slot = self._slots.get(key, _NOTHING)
        counted = tally.merge(slot.tally, one, KEPT_OF_SLOT)
        self._slots[key] = replace(slot, tally=counted, dirty=True)
        if len(self._slots) > MAXIMUM_SLOTS:
            self._make_room(key)

    def _room(self, key: SlotKey) -> SlotKey:
        """The slot to count in: that of OTHER_VERSION when its service has too many versions."""
        if key in self._slots:
            return key
        versions = {
            each.version
            for each in self._slots
            if each.version != OTHER_VERSION and each.beside(key)
        }
        known = key.version in versions or len(versions) < VERSIONS_CAP
        return key if known else replace(key, version=OTHER_VERSION)

    def _make_room(self, added: SlotKey) -> None:
        """Gives up the oldest slot; never one that is still open, or it would begin at zero."""
        oldest = min(self._slots, key=lambda key: key.start)
        given_up = oldest if self._closed(oldest) else added
        slot = self._slots.pop(given_up)
        if slot.dirty:
            self.dropped += slot.tally.requests
            log.error("metrics_dropped", requests=slot.tally.requests, dropped=self.dropped)

    def _closed(self, key: SlotKey) -> bool:
        return key.start < self._newest - REOPEN_SECONDS

    def _due(self, failed: bool) -> Mapping[SlotKey, _Slot]:
        interval = max(FAILURE_FLUSH_SECONDS if failed else FLUSH_SECONDS, self._pause)
        if self._flushing or self._clock.monotonic() - self._flushed_at < interval:
            return {}
        return self._begin()

    def _begin(self) -> Mapping[SlotKey, _Slot]:
        """The newest slots that changed: decisions wait for those."""
        newest = sorted(
            (key for key, slot in self._slots.items() if slot.dirty),
            key=lambda key: key.start,
            reverse=True,
        )
        batch = {key: self._slots[key] for key in newest[:SLOTS_A_COMMIT]}
        if batch:
            self._flushing = True
            self._flushed_at = self._clock.monotonic()
        return batch

    def _write(self, batch: Mapping[SlotKey, _Slot]) -> bool:
        versions: Mapping[SlotKey, Any] = {}
        try:
            versions = self._commit(batch)
        except Exception as error:  # whatever it is, the user's answer comes first
            log.warning("metrics_not_flushed", slots=len(batch), reason=type(error).__name__)
        finally:
            with self._lock:
                self._finish(batch, versions)
        return bool(versions)

    def _commit(self, batch: Mapping[SlotKey, _Slot]) -> Mapping[SlotKey, Any]:
        """The versions that are stored now. Raises Refused or StoreUnavailable."""
        until = self._clock.monotonic() + FLUSH_TIMEOUT_SECONDS
        try:
            return self._commit_after(
                batch, {key: slot.version for key, slot in batch.items()}, until
            )
        except Refused:  # one that was not confirmed has been made: it holds no more than this one
            return self._commit_after(batch, self._stored(batch, until), until)

    def _commit_after(
        self, batch: Mapping[SlotKey, _Slot], versions: Mapping[SlotKey, Any], until: float
    ) -> Mapping[SlotKey, Any]:
        now = self._clock.now()
        writes = [
            slot_write_after(key, self._instance, slot.tally, now, versions[key])
            for key, slot in batch.items()
        ]
        return dict(zip(batch, self._store.commit(writes, timeout=self._left(until)), strict=True))

    def _stored(self, batch: Mapping[SlotKey, _Slot], until: float) -> Mapping[SlotKey, Any]:
        """The versions of what is stored; None where nothing is."""
        paths = {key: slot_path(key, self._instance) for key in batch}
        found = self._store.get_many(list(paths.values()), timeout=self._left(until))
        documents = {key: found.get(path) for key, path in paths.items()}
        return {key: each.version if each else None for key, each in documents.items()}

    def _left(self, until: float) -> float:
        """Seconds; a request waits for all its attempts together no longer than for one."""
        return max(LEAST_SECONDS, until - self._clock.monotonic())

    def _finish(self, batch: Mapping[SlotKey, _Slot], versions: Mapping[SlotKey, Any]) -> None:
        self._flushing = False
        if not versions:
            self._pause = min(LONGEST_PAUSE_SECONDS, 2 * self._pause or FAILURE_FLUSH_SECONDS)
            return
        self._pause = 0.0
        for key, written in batch.items():
            slot = self._slots.get(key)
            if slot is not None:
                changed = slot.tally is not written.tally
                self._slots[key] = replace(slot, dirty=changed, version=versions[key])
        done = [key for key, slot in self._slots.items() if not slot.dirty and self._closed(key)]
        for key in done:
            del self._slots[key]
