"""Scheduled changes in Firestore: ENV/schedules/{id}, changed only by changes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from functions import log
from functions.changes import View
from functions.documents import Document, Reads, Scope, Write
from functions.errors import NotFound
from functions.flags.schedule import Schedule, State
from functions.published import timestamp

COLLECTION = "schedules"
IDENTIFIER = re.compile(r"s-[0-9a-f]{12}")
PENDING = ("state", "==", State.PENDING.value)
MAXIMUM_PENDING = 500
MAXIMUM_PENDING_OF_A_FLAG = 20

FLAGS_AT_ONCE = 30
"""Values of one `in` that Firestore takes."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A schedule with the document it was read from: the precondition of its next write."""

    document: Document
    schedule: Schedule


def path_of(scope: Scope, identifier: str) -> str:
    return scope.doc(COLLECTION, identifier)


def find(reads: Reads, scope: Scope, identifier: str) -> Stored:
    """Raises NotFound."""
    well_formed = IDENTIFIER.fullmatch(identifier)
    document = reads.get(path_of(scope, identifier)) if well_formed else None
    if document is None:
        raise NotFound(f"There is no schedule {identifier[:64]!r} in this environment.")
    return Stored(document, Schedule.from_document(document.data))


def due_until(reads: Reads, scope: Scope, until: float, limit: int) -> list[Stored]:
    """The pending ones whose time has come by then, the earliest first."""
    where = [("due_at", "<=", timestamp(until))]
    return _readable(
        reads.query(scope.collection(COLLECTION), where, order_by="due_at", limit=limit)
    )


def pending_of(reads: Reads, scope: Scope, flags: Collection[str]) -> list[Stored]:
    """The pending ones of some flags, at most FLAGS_AT_ONCE of them."""
    where = [("flag", "in", sorted(set(flags))), PENDING]
    return _readable(reads.query(scope.collection(COLLECTION), where)) if flags else []


def pending_everywhere(view: View) -> int:
    """How many are pending in the environment."""
    return view.count(view.scope.collection(COLLECTION), [PENDING])


def listed(
    reads: Reads, scope: Scope, only: Mapping[str, str | None], limit: int
) -> list[Schedule]:
    """The latest, newest first; `only` those with these fields, None standing for any."""
    where = [(name, "==", value) for name, value in only.items() if value is not None]
    documents = reads.query(
        scope.collection(COLLECTION), where, order_by="created_at", descending=True, limit=limit
    )
    return [each.schedule for each in _readable(documents)]


def create_write(scope: Scope, schedule: Schedule) -> Write:
    return Write.create(path_of(scope, schedule.id), schedule.to_document())


def update_write(stored: Stored, schedule: Schedule) -> Write:
    """Refused when the schedule was changed since it was read."""
    return Write.update(stored.document, schedule.to_document())


def _readable(documents: Iterable[Document]) -> list[Stored]:
    """One that can't be read must not stop the others."""
    stored = []
    for document in documents:
        try:
            stored.append(Stored(document, Schedule.from_document(document.data)))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.exception("schedule unreadable", error, schedule=document.id)
    return stored
