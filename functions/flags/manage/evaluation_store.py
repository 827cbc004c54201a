"""Counts of evaluations in Firestore: what instances wrote down, and the sums of it.

Machines write here, so these are writes and not changes.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from functions import log
from functions.documents import Document, Reads, Scope, Write
from functions.flags.counts import COLLECTION as USAGE
from functions.flags.counts import Counts, Served
from functions.flags.sums import COLLECTION, LAST, LastEvaluated, add, day_document, sums_of

DAYS_AT_ONCE = 30
"""Documents of days read together: in a large environment each holds some hundred kB."""


def written(reads: Reads, scope: Scope, limit: int) -> list[Document]:
    """What instances wrote down and nobody has summed up yet, the oldest first."""
    return reads.query(scope.collection(USAGE), limit=limit)


def served(document: Document) -> Served | None:
    """What an instance wrote down; None when it can't be read."""
    try:
        return Served.from_document(document.data)
    except (KeyError, TypeError, ValueError, AttributeError, zlib.error) as error:
        log.exception("usage unreadable", error, document=document.id)
        return None


def last_path(scope: Scope) -> str:
    return scope.doc(COLLECTION, LAST)


def day_path(scope: Scope, day: str) -> str:
    return scope.doc(COLLECTION, day)


def last_evaluated(reads: Reads, scope: Scope) -> LastEvaluated:
    document = reads.get(last_path(scope))
    return LastEvaluated.from_document(document.data if document else None)


def counts_of(reads: Reads, scope: Scope, days: Sequence[str]) -> dict[str, Counts]:
    """The sums of these days, those that have any."""
    found: dict[str, Counts] = {}
    for first in range(0, len(days), DAYS_AT_ONCE):
        paths = {day_path(scope, day): day for day in days[first : first + DAYS_AT_ONCE]}
        documents = reads.get_many(list(paths))
        for path, document in documents.items():
            if document:
                found[paths[path]] = sums_of(document.data)
    return found


def last_write(scope: Scope, stored: Document | None, last: LastEvaluated) -> Write:
    data = last.to_document()
    return Write.update(stored, data) if stored else Write.create(last_path(scope), data)


def day_write(scope: Scope, stored: Document | None, day: str, added: Counts) -> Write:
    """Adds counts to a day. Refused when somebody else did meanwhile."""
    sums = sums_of(stored.data if stored else None)
    add(sums, added)
    data = day_document(day, sums)
    return Write.update(stored, data) if stored else Write.create(day_path(scope, day), data)
