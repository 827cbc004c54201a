"""The audit trail: who, what, when, where and why, as a chain of hashes.

Every entry carries the hash of the one before it and is written in the commit of the change that it
records. The head of the chain stands in a document of its own, so that a truncated end is noticed.
Entries name actors by opaque ids and hold no personal data.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.documents import Document, Scope, Store, Write
from functions.identity import Actor
from functions.published import canonical, timestamp

GENESIS = "0" * 64
PAGE = 500
HASHED = (
    "sequence",
    "at",
    "environment",
    "actor",
    "action",
    "target",
    "reason",
    "before",
    "after",
    "generation",
    "previous",
)


@dataclass(frozen=True)
class Entry:
    """What a change did, said by the one who decided it. `before` and `after` are JSON values.

    `reason` is its own where one commit does things for several reasons; None: the change's.
    """

    action: str
    target: str
    before: Any = None
    after: Any = None
    reason: str | None = None


@dataclass(frozen=True)
class Head:
    """The end of an application's chain."""

    sequence: int = 0
    hash: str = GENESIS


@dataclass(frozen=True)
class Context:
    """What all entries of one commit share."""

    environment: str
    actor: Actor
    reason: str
    generation: int
    now: float


@dataclass(frozen=True)
class Verification:
    """`problem` names the first broken link, or is None."""

    entries: int
    problem: str | None

    @property
    def ok(self) -> bool:
        return self.problem is None


def head_path(application: str) -> str:
    return f"applications/{application}/chains/audit"


def head_of(document: Document | None) -> Head:
    return Head(document.data["sequence"], document.data["hash"]) if document else Head()


def chain(
    application: str, head_document: Document | None, entries: Iterable[Entry], context: Context
) -> list[Write]:
    """The writes that append entries to the chain, and move its head."""
    head = head_of(head_document)
    writes = []
    for entry in entries:
        record = _record(entry, head, context)
        head = Head(record["sequence"], record["hash"])
        writes.append(Write.create(_entry_path(application, head.sequence), _stored(record)))
    moved = {"sequence": head.sequence, "hash": head.hash}
    path = head_path(application)
    writes.append(
        Write.update(head_document, moved) if head_document else Write.create(path, moved)
    )
    return writes


def verify(store: Store, application: str) -> Verification:
    """Recomputes the whole chain. Raises StoreUnavailable.

    The head is read after the entries, so it never stands behind them; what was appended in between
    is read then.
    """
    position = Head()
    while True:
        page = _after(store, application, position)
        position, problem = follow(application, page, position)
        if problem:
            return Verification(position.sequence, problem)
        if page:
            continue
        head = _readable(store.get(head_path(application)))
        if head == position:
            return Verification(position.sequence, None)
        if head.sequence <= position.sequence or not _after(store, application, position):
            return Verification(position.sequence, _wrong_end(position, head))


def follow(
    application: str, entries: Iterable[Document], position: Head
) -> tuple[Head, str | None]:
    """How far entries follow one another from `position` on, and what is wrong with the next."""
    for document in entries:
        problem = _problem(application, document, position)
        if problem:
            return position, problem
        position = Head(document.data["sequence"], document.data["hash"])
    return position, None


def latest(store: Store, scope: Scope, limit: int) -> list[dict[str, Any]]:
    """The newest entries of an environment, newest first. Raises StoreUnavailable."""
    page = store.query(
        _entries_path(scope.application),
        [("environment", "==", scope.environment)],
        order_by="sequence",
        descending=True,
        limit=limit,
    )
    return [parsed(document.data) for document in page]


def _after(store: Store, application: str, position: Head) -> list[Document]:
    return store.query(
        _entries_path(application),
        [("sequence", ">", position.sequence)],
        order_by="sequence",
        limit=PAGE,
    )


def _readable(document: Document | None) -> Head:
    """The head as it was stored, or one that nothing leads to."""
    try:
        return head_of(document)
    except KeyError:
        return Head(0, "")


def _wrong_end(position: Head, head: Head) -> str:
    return (
        f"The chain ends at entry {position.sequence}, its head says {head.sequence}: "
        "entries at the end, or the head, are missing or replaced."
    )


def _record(entry: Entry, head: Head, context: Context) -> dict[str, Any]:
    record: dict[str, Any] = {
        "sequence": head.sequence + 1,
        "at": round(context.now, 3),
        "environment": context.environment,
        "actor": str(context.actor),
        "action": entry.action,
        "target": entry.target,
        "reason": context.reason if entry.reason is None else entry.reason,
        "before": json.loads(canonical(entry.before)),
        "after": json.loads(canonical(entry.after)),
        "generation": context.generation,
        "previous": head.hash,
    }
    return {**record, "hash": digest(record)}


def digest(record: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of the fields that count."""
    return hashlib.sha256(canonical({key: record[key] for key in HASHED}).encode()).hexdigest()


def _stored(record: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON text: Firestore refuses arrays in arrays, which rules of flags have."""
    return {
        **record,
        "before": canonical(record["before"]),
        "after": canonical(record["after"]),
        "recorded_at": timestamp(record["at"]),
    }


def parsed(data: Mapping[str, Any]) -> dict[str, Any]:
    """An entry as it was before `_stored`."""
    return {
        **{key: data[key] for key in (*HASHED, "hash")},
        "before": json.loads(data["before"]),
        "after": json.loads(data["after"]),
    }


def _problem(application: str, document: Document, before: Head) -> str | None:
    sequence = before.sequence + 1
    try:
        record = parsed(document.data)
        as_written = {"schema": document.data["schema"], **_stored(record)}
        expected = digest(record)
    except (KeyError, TypeError, ValueError, OverflowError):
        return f"Entry {sequence} can't be read: it was altered after it was written."
    if record["sequence"] != sequence or document.path != _entry_path(application, sequence):
        return f"Entry {sequence} is missing."
    if record["previous"] != before.hash:
        return f"Entry {sequence} does not follow from the one before it."
    if record["hash"] != expected or document.data != as_written:
        return f"Entry {sequence} was altered after it was written."
    return None


def _entries_path(application: str) -> str:
    return f"applications/{application}/audit"


def _entry_path(application: str, sequence: int) -> str:
    return f"{_entries_path(application)}/{sequence:012d}"
