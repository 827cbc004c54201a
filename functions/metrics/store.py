"""Slots and minutes in Firestore.

ENV/slots/{start}_{service}_{version}_{generation}_{instance}   one writer each, overwritten whole
ENV/windows/{start}_{service}_{version}_{generation}            sums of slots, the same content
                                                                whoever computed them
Names stand in ids as documents.document_id writes them. A tally is stored as one string, so that
its buckets cost no index entries. Every query asks for one field only and needs no composite index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.documents import Document, Scope, Store, Write, document_id
from functions.metrics import windows
from functions.metrics.tally import Tally
from functions.metrics.windows import MINUTE_SECONDS, SLOT_SECONDS, Window
from functions.published import timestamp

RECENT_SECONDS = 180
SLOTS_KEPT_SECONDS = 6 * 3600
WINDOWS_KEPT_SECONDS = 30 * 86_400
SLOTS_LIMIT = 60_000
SLOTS_PAGE = 5_000
SLOTS_SECONDS = 8.0
"""For a page of slots: hundreds of instances write thousands in a minute."""

WINDOWS_LIMIT = 5_000
BATCH = 400


@dataclass(frozen=True)
class SlotKey:
    """Which slot: everything of its name but the instance that writes it."""

    scope: Scope
    start: int
    service: str
    version: str
    generation: int

    def beside(self, other: SlotKey) -> bool:
        """Whether both are of the same service and time."""
        return (self.start, self.service, self.scope) == (other.start, other.service, other.scope)


def slot_path(key: SlotKey, instance: str) -> str:
    """Where a slot is stored."""
    name = document_id(key.start, key.service, key.version, key.generation, instance)
    return key.scope.doc("slots", name)


def slot_write(key: SlotKey, instance: str, tally: Tally, now: float) -> Write:
    """The slot with all that its one writer has counted so far, whatever stands there."""
    return Write.set(slot_path(key, instance), _slot_data(key, instance, tally, now))


def slot_write_after(
    key: SlotKey, instance: str, tally: Tally, now: float, version: object
) -> Write:
    """The same; refused unless the slot is stored in this version, or, for None, not at all."""
    path, data = slot_path(key, instance), _slot_data(key, instance, tally, now)
    if version is None:
        return Write.create(path, data)
    return Write.update(Document(path, {}, version), data)


def load_recent(
    store: Store, scope: Scope, now: float, span: float = RECENT_SECONDS
) -> list[Window]:
    """The slots of the last `span` seconds. Raises StoreUnavailable."""
    since = windows.slot_start(now - span)
    return [slot for slot in load_flushed(store, scope, now, span) if slot.start >= since]


def load_flushed(
    store: Store, scope: Scope, now: float, span: float = RECENT_SECONDS
) -> list[Window]:
    """The slots written in the last `span` seconds, late ones of earlier times with them."""
    documents = flushed_since(store, scope, windows.slot_start(now - span))
    return [window_of(document, SLOT_SECONDS) for document in documents]


def flushed_since(
    store: Store,
    scope: Scope,
    since: float,
    until: float | None = None,
    *,
    fields: Sequence[str] = (),
) -> list[Document]:
    """The documents of the slots written since then, the last first; at most SLOTS_LIMIT."""
    return _slots(store, scope, "flushed_at", since, until, descending=True, fields=fields)


def slots_at(store: Store, paths: Sequence[str]) -> list[Document]:
    """The documents of these slots, those that are there."""
    found: list[Document] = []
    for first in range(0, len(paths), BATCH):
        part = store.get_many(paths[first : first + BATCH], timeout=SLOTS_SECONDS)
        found += [document for document in part.values() if document]
    return found


def load_minutes(
    store: Store, scope: Scope, since: float, limit: int = WINDOWS_LIMIT
) -> list[Window]:
    """The merged minutes that start at `since` or later, oldest first."""
    documents = store.query(
        scope.collection("windows"),
        [("start", ">=", timestamp(since))],
        order_by="start",
        limit=limit,
    )
    return [window_of(document, MINUTE_SECONDS) for document in documents]


def delete_expired(
    store: Store, scope: Scope, now: float, collections: Iterable[str], limit: int = 4_000
) -> int:
    """Deletes documents past their `expires_at`, in batches, at most `limit`; how many.

    Firestore's own time to live does the same within a day where it is switched on.
    """
    deleted = 0
    for collection in collections:
        while deleted < limit:
            expired = store.query(
                scope.collection(collection),
                [("expires_at", "<=", timestamp(now))],
                order_by="expires_at",
                limit=min(BATCH, limit - deleted),
            )
            if not expired:
                break
            store.commit([Write.delete(document.path) for document in expired])
            deleted += len(expired)
    return deleted


def cleanup(store: Store, scope: Scope, now: float) -> int:
    """Deletes slots and minutes that have expired; how many. For `daily`."""
    return delete_expired(store, scope, now, ("slots", "windows"))


def newest_minute(store: Store, scope: Scope) -> int | None:
    """The start of the newest minute that is stored."""
    found = store.query(scope.collection("windows"), order_by="start", descending=True, limit=1)
    return int(found[0].data["start"].timestamp()) if found else None


def slots_between(
    store: Store, scope: Scope, since: float, until: float, limit: int
) -> list[Window]:
    """The slots that start in [since, until), the first so many of them, in order of time."""
    documents = store.query(
        scope.collection("slots"),
        [("start", ">=", timestamp(since)), ("start", "<", timestamp(until))],
        order_by="start",
        limit=limit,
        timeout=SLOTS_SECONDS,
    )
    return [window_of(document, SLOT_SECONDS) for document in documents]


def slots_of(store: Store, scope: Scope, minute: int) -> list[Window]:
    """All slots of the minute that starts then, whenever they were written."""
    documents = _slots(store, scope, "start", minute, minute + MINUTE_SECONDS)
    return [window_of(document, SLOT_SECONDS) for document in documents]


def _slots(
    store: Store,
    scope: Scope,
    field: str,
    since: float,
    until: float | None,
    *,
    descending: bool = False,
    fields: Sequence[str] = (),
) -> list[Document]:
    """Those whose time lies in [since, until), page by page: each has a deadline of its own."""
    where = [(field, ">=", timestamp(since))]
    if until is not None:
        where.append((field, "<", timestamp(until)))
    found: list[Document] = []
    while len(found) < SLOTS_LIMIT:
        last = found[-1] if found else None
        page = store.query(
            scope.collection("slots"),
            where,
            order_by=field,
            descending=descending,
            limit=min(SLOTS_PAGE, SLOTS_LIMIT - len(found)),
            after=(last.data[field], last.id) if last else (),
            fields=fields,
            timeout=SLOTS_SECONDS,
        )
        found += page
        if len(page) < SLOTS_PAGE:
            break
    return found


def documents_of(store: Store, scope: Scope, minute: int) -> dict[str, Document]:
    """The documents of the minute that starts then, by path."""
    found = store.query(
        scope.collection("windows"), [("start", "==", timestamp(minute))], limit=WINDOWS_LIMIT
    )
    return {document.path: document for document in found}


def minute_data(minute: Window) -> Mapping[str, Any]:
    """What the document of a minute holds."""
    expires_at = timestamp(minute.start + WINDOWS_KEPT_SECONDS)
    return {"expires_at": expires_at, **_content(minute, minute.tally)}


def minute_path(scope: Scope, minute: Window) -> str:
    """Where a minute is stored."""
    name = document_id(minute.start, minute.service, minute.version, minute.generation)
    return scope.doc("windows", name)


def _slot_data(key: SlotKey, instance: str, tally: Tally, now: float) -> Mapping[str, Any]:
    return {
        "instance": instance,
        "flushed_at": timestamp(now),
        "expires_at": timestamp(key.start + SLOTS_KEPT_SECONDS),
        **_content(key, tally),
    }


def _content(of: SlotKey | Window, tally: Tally) -> Mapping[str, Any]:
    return {
        "start": timestamp(of.start),
        "service": of.service,
        "version": of.version,
        "generation": of.generation,
        "tally": tally.to_text(),
    }


def window_of(document: Document, seconds: int) -> Window:
    """A window as it was stored; `seconds` is how long it is."""
    data = document.data
    return Window(
        start=int(data["start"].timestamp()),
        seconds=seconds,
        service=data["service"],
        version=data["version"],
        generation=data["generation"],
        tally=Tally.from_text(data["tally"]),
    )
