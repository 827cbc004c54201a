"""Counts what an instance serves of flags and writes it to Firestore on the request path.

Counting takes no lock and no Firestore operation. What was counted since the last write goes into
one commit: one document an environment, made once and never changed, so that a write whose outcome
is unknown is simply tried again under the same name. Nothing runs between requests: the counts wait
for the next one, and are lost if the instance is killed before.

Firestore in trouble fails no evaluation. It costs the request that writes WRITE_SECONDS and a
little, and after a failure writes come further and further apart; the counts wait meanwhile.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence

from functions import log
from functions.clock import Clock
from functions.documents import Refused, Scope, Store, Write
from functions.flags.clients.tally import Tally
from functions.flags.content import Snapshot
from functions.flags.counts import COLLECTION, Served, document_name, together

FIRST_SECONDS = 10.0
INTERVAL_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 600.0
WRITE_SECONDS = 0.8
LOOK_SECONDS = 0.2
ENVIRONMENTS_A_COMMIT = 100
IDLE_TAKES = 2
"""After so many takes without a count a tally is no longer looked at; its next evaluation brings it
back. Twice, because an evaluation under way may count a moment after the first."""


class Usage:
    """One per process, shared by its threads."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._tallies: list[tuple[Scope, Tally]] = []
        self.start_anew()

    def start_anew(self) -> None:
        """As another instance, with nothing counted: for a process that was forked."""
        self._instance = secrets.token_hex(8)
        self._sequence = 0
        self._listing = threading.Lock()
        self._writing = threading.Lock()
        self._due_at: float | None = None
        self._pause = 0.0
        self._waiting: dict[Scope, Served] = {}
        self._unconfirmed: Sequence[Write] = ()
        for _, tally in self._tallies:
            tally.take()
            tally.listed = False
        self._tallies = []

    def tally(self, snapshot: Snapshot) -> Tally:
        """Where the evaluations of a request are counted, which begins now."""
        tally: Tally | None = snapshot.memo.get(Tally)
        if tally is None:
            tally = snapshot.memo.setdefault(Tally, Tally())
        if not tally.listed:
            self._list(snapshot.scope, tally)
        tally.saw(self._clock.now())
        return tally

    def write_when_due(self) -> None:
        """At the end of a request. Never raises."""
        due_at = self._due_at
        if due_at is not None and self._clock.monotonic() >= due_at:
            self.write()

    def write(self) -> bool:
        """Writes what was counted; whether it is stored. Never raises."""
        if not self._writing.acquire(blocking=False):
            return False
        try:
            return self._write()
        finally:
            self._writing.release()

    def write_all(self) -> None:
        """For an instance that ends: also what is left after a write that was tried again."""
        while self.write() and self._waiting:
            pass

    def _list(self, scope: Scope, tally: Tally) -> None:
        with self._listing:
            if not tally.listed:
                tally.listed, tally.idle = True, 0
                self._tallies.append((scope, tally))
            if self._due_at is None:
                self._due_at = self._clock.monotonic() + FIRST_SECONDS

    def _write(self) -> bool:
        self._take()
        if not self._unconfirmed:
            self._unconfirmed = self._documents()
        stored = not self._unconfirmed or self._store_them(self._unconfirmed)
        if stored:
            self._unconfirmed, self._pause = (), 0.0
        else:
            self._pause = min(LONGEST_PAUSE_SECONDS, 2 * (self._pause or INTERVAL_SECONDS))
        self._due_at = self._clock.monotonic() + (self._pause or INTERVAL_SECONDS)
        return stored

    def _take(self) -> None:
        for scope, tally in list(self._tallies):
            first_at, last_at = tally.first_at, tally.last_at
            counts = tally.take()
            if counts:
                tally.idle = 0
                served = Served(counts, first_at or last_at, last_at)
                self._waiting[scope] = together(self._waiting.get(scope), served)
            else:
                tally.idle += 1
        with self._listing:
            for _, tally in self._tallies:
                tally.listed = tally.idle < IDLE_TAKES
            self._tallies = [each for each in self._tallies if each[1].listed]

    def _documents(self) -> Sequence[Write]:
        now = self._clock.now()
        writes = []
        for scope in list(self._waiting)[:ENVIRONMENTS_A_COMMIT]:
            for piece in self._waiting.pop(scope).pieces():
                self._sequence += 1
                path = scope.doc(COLLECTION, document_name(now, self._instance, self._sequence))
                data = piece.to_document(self._instance, self._sequence, now)
                writes.append(Write.create(path, data))
        return writes

    def _store_them(self, writes: Sequence[Write]) -> bool:
        try:
            self._store.commit(writes, timeout=WRITE_SECONDS)
        except Refused:
            return self._is_stored(writes[0])
        except Exception as error:  # whatever it is, the caller's flags come first
            log.warning("usage_not_written", documents=len(writes), reason=type(error).__name__)
            return False
        return True

    def _is_stored(self, write: Write) -> bool:
        """Whether an earlier attempt made it: then the names are taken, by this instance."""
        try:
            return self._store.get(write.path, timeout=LOOK_SECONDS) is not None
        except Exception as error:
            log.warning("usage_not_written", documents=1, reason=type(error).__name__)
            return False
