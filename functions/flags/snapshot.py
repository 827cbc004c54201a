"""What is published for one environment, ready to serve, and the cache that keeps it fresh.

An instance keeps the snapshot of each environment it serves and looks at its age on request. When
it is older than the time to live, one request reads the small pointer, and the parts whose hash has
changed; the others serve what they have, and when Firestore fails all do. No listener, no thread,
no work outside a request. An evaluation on a fresh snapshot takes no lock and no Firestore
operation.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from functions import log
from functions.clock import Clock
from functions.documents import Scope, Store
from functions.errors import RateLimited, StoreUnavailable
from functions.flags.content import Content, Snapshot, assemble
from functions.published import EMPTY, Pointer, decode_part

__all__ = ["Snapshot", "SnapshotCache"]

TTL_SECONDS = 2.0
READ_SECONDS = 1.0
COLD_SECONDS = 1.8
"""A cold read, pointer and parts together. With what surrounds it, a caller waits under 2 s."""
FAILURE_SECONDS = 0.5
"""How long a failed cold read answers for those who come after it."""
MAXIMUM_SCOPES = 256
UNKNOWN_PER_SECOND = 5.0
UNKNOWN_BURST = 20.0


@dataclass
class _Entry:
    """What is known of one environment. `lock` is held by the one who reads."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    content: Content | None = None
    checked_at: float = 0.0
    confirmed_at: float = 0.0
    failed_at: float = float("-inf")


class SnapshotCache:
    """The snapshots of the environments that this instance serves."""

    def __init__(
        self, store: Store, clock: Clock, ttl: float = TTL_SECONDS, *, own: Scope | None = None
    ) -> None:
        """`own` is the bundle's own environment, which is never refused."""
        self._store = store
        self._clock = clock
        self._ttl = ttl
        self._own = own
        self._entries: OrderedDict[Scope, _Entry] = OrderedDict()
        self._lock = threading.Lock()
        self._budget = UNKNOWN_BURST
        self._budget_at = clock.monotonic()

    def get(self, scope: Scope) -> Snapshot:
        """The snapshot, at most `ttl` old while Firestore answers.

        An environment that nothing was published for is empty, at generation 0. Raises
        StoreUnavailable when there is none yet and Firestore can't be reached, RateLimited when
        too many unknown environments are asked for.
        """
        entry = self._entries.get(scope)
        if entry is not None and entry.content is not None:
            if self._clock.monotonic() - entry.checked_at < self._ttl:
                return entry.content.snapshot
            return self._refreshed(scope, entry, entry.content)
        return self._loaded(scope, entry or self._admit(scope))

    def age(self, scope: Scope) -> float:
        """Seconds since Firestore last confirmed what is served for an environment."""
        entry = self._entries.get(scope)
        return self._clock.monotonic() - entry.confirmed_at if entry else float("inf")

    def _refreshed(self, scope: Scope, entry: _Entry, content: Content) -> Snapshot:
        """A newer snapshot when it is ours to read, otherwise the one at hand."""
        if content.pointer == EMPTY and not self._may_look(scope):
            return content.snapshot
        if not entry.lock.acquire(blocking=False):
            return content.snapshot
        try:
            started = self._clock.monotonic()
            if started - entry.checked_at >= self._ttl:
                # Set first: while Firestore hangs, the next attempt is a time to live away.
                entry.checked_at = started
                entry.content = self._read(scope, content, READ_SECONDS * 2)
                entry.checked_at = entry.confirmed_at = self._clock.monotonic()
        except StoreUnavailable as error:
            log.warning("snapshot is stale", **_named(scope), code=error.code)
        except Exception as error:  # what was published is broken: the last good one serves on
            log.exception("snapshot can't be read", error, **_named(scope))
        finally:
            entry.lock.release()
        return (entry.content or content).snapshot

    def _loaded(self, scope: Scope, entry: _Entry) -> Snapshot:
        """The first snapshot: one thread reads, the others wait for what it gets."""
        if not entry.lock.acquire(timeout=COLD_SECONDS):
            raise _unavailable()
        try:
            return (entry.content or self._load(scope, entry)).snapshot
        finally:
            entry.lock.release()

    def _load(self, scope: Scope, entry: _Entry) -> Content:
        if self._clock.monotonic() - entry.failed_at < FAILURE_SECONDS:
            raise _unavailable()
        try:
            content = self._read(scope, None, COLD_SECONDS)
        except Exception:
            entry.failed_at = self._clock.monotonic()
            raise
        entry.checked_at = entry.confirmed_at = self._clock.monotonic()
        entry.content = content
        return content

    def _read(self, scope: Scope, known: Content | None, seconds: float) -> Content:
        """Reads the pointer, and the parts that `known` does not hold."""
        deadline = self._clock.monotonic() + seconds
        document = self._store.get(scope.doc("published", "current"), timeout=READ_SECONDS)
        pointer = Pointer.from_document(document.data) if document else EMPTY
        if known is not None and known.pointer == pointer:
            return known
        held = known.parts if known else {}
        wanted = {
            scope.doc("parts", digest): digest
            for digest in pointer.serving.values()
            if digest not in held
        }
        left = max(0.1, min(READ_SECONDS, deadline - self._clock.monotonic()))
        parts = self._store.get_many(sorted(wanted), timeout=left)
        fetched = {wanted[path]: decode_part(found.data) for path, found in parts.items() if found}
        if len(fetched) < len(wanted):
            raise StoreUnavailable("A part of the published snapshot is missing.")
        return assemble(scope, pointer, {**held, **fetched}, known, self._clock.now)

    def _admit(self, scope: Scope) -> _Entry:
        """A place for an environment not seen before, within the budget for unknown ones."""
        if not self._may_look(scope):
            raise RateLimited(
                "Too many unknown environments were asked for.", extra={"retry_after": 1}
            )
        with self._lock:
            if scope not in self._entries and len(self._entries) >= MAXIMUM_SCOPES:
                self._evict()
            return self._entries.setdefault(scope, _Entry())

    def _may_look(self, scope: Scope) -> bool:
        """A forged API key may name any environment: this bounds the reads that it can cause."""
        if scope == self._own:
            return True
        with self._lock:
            now = self._clock.monotonic()
            refilled = self._budget + (now - self._budget_at) * UNKNOWN_PER_SECOND
            self._budget, self._budget_at = min(UNKNOWN_BURST, refilled), now
            if self._budget < 1:
                return False
            self._budget -= 1
            return True

    def _evict(self) -> None:
        """The oldest environment without content goes first, else the oldest of all."""
        for scope, entry in self._entries.items():
            if entry.content is None or entry.content.pointer == EMPTY:
                del self._entries[scope]
                return
        self._entries.popitem(last=False)


def _unavailable() -> StoreUnavailable:
    return StoreUnavailable("The published snapshot can't be read right now.")


def _named(scope: Scope) -> dict[str, str]:
    return {"application": scope.application, "environment": scope.environment}
