"""Batches of events that were counted, in Firestore: a marker each, so that none counts twice.

ENV/batches/{hash of reporter and batch id}  created in the commit that counts its events, kept for
                                            24 hours
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.documents import Document, Scope, Store, Write
from functions.metrics import store as metrics
from functions.metrics.apps.counting import Counts
from functions.published import timestamp

COLLECTION = "batches"
KEPT_SECONDS = 24 * 3600.0
A_DAY = 20_000
"""Markers that are deleted a day at most; Firestore's time to live takes the rest."""


@dataclass(frozen=True)
class Batch:
    """What a batch is to be counted as.

    path     of its marker
    digest   a keyed hash of its events: another batch by the same id is told from a repetition
    """

    scope: Scope
    path: str
    digest: str
    events: int
    late: int
    counts: Counts


@dataclass(frozen=True)
class Counted:
    """A batch was counted: now, or (`duplicate`) when it came for the first time."""

    events: int
    late: int
    duplicate: bool = False


@dataclass(frozen=True)
class Taken:
    """Other events were counted by this id."""


def marker_path(scope: Scope, reporter: str, batch: str) -> str:
    """Reporters don't know of each other's ids, and can't take them from each other."""
    name = hashlib.sha256(f"{reporter}\0{batch}".encode()).hexdigest()[:32]
    return scope.doc(COLLECTION, name)


def marker(batch: Batch, now: float) -> Write:
    """Refused when the batch was counted before."""
    return Write.create(
        batch.path,
        {
            "digest": batch.digest,
            "events": batch.events,
            "late": batch.late,
            "expires_at": timestamp(now + KEPT_SECONDS),
        },
    )


def found(store: Store, paths: list[str], timeout: float) -> Mapping[str, Document]:
    """The markers there are, by path. Raises StoreUnavailable."""
    documents = store.get_many(paths, timeout=timeout)
    return {path: document for path, document in documents.items() if document is not None}


def known(batch: Batch, document: Document) -> Counted | Taken:
    """What a marker says of a batch."""
    data: Mapping[str, Any] = document.data
    if data["digest"] != batch.digest:
        return Taken()
    return Counted(int(data["events"]), int(data["late"]), duplicate=True)


def cleanup(store: Store, scope: Scope, now: float) -> int:
    """Deletes markers that have expired; how many. For `daily`."""
    return metrics.delete_expired(store, scope, now, (COLLECTION,), A_DAY)
