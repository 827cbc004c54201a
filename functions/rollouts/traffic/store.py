"""What is known of traffic, in Firestore.

ENV/traffic/{service}   where it goes, where it is meant to go, and the last move: measured, so not
                        a change, but for the steps of a move
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from functions import log
from functions.documents import Document, Reads, Scope, Write, document_id
from functions.flags.flag import Flag
from functions.rollouts.rollout import Rollout
from functions.rollouts.store import LISTED
from functions.rollouts.traffic.record import Record

COLLECTION = "traffic"
FOLLOWED_SECONDS = 86_400.0
"""What was taken back longer ago moves nothing any more."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A record with the document that it was read from: None before the first write."""

    document: Document | None
    record: Record


def path(scope: Scope, service: str) -> str:
    return scope.doc(COLLECTION, document_id(service))


def kept(reads: Reads, scope: Scope, services: Iterable[str]) -> dict[str, Kept]:
    """By service. Raises StoreUnavailable."""
    paths = {service: path(scope, service) for service in services}
    documents = reads.get_many(sorted(paths.values())) if paths else {}
    return {service: _kept(service, documents.get(where)) for service, where in paths.items()}


def one(reads: Reads, scope: Scope, service: str) -> Kept:
    return _kept(service, reads.get(path(scope, service)))


def write(scope: Scope, before: Kept, after: Record) -> Write:
    """Refused when somebody else has written it since it was read."""
    if before.document is None:
        return Write.create(path(scope, after.service), after.to_document())
    return Write.update(before.document, after.to_document())


def lately(reads: Reads, scope: Scope, now: float) -> list[Rollout]:
    """Rollouts that run, or moved within the time that a rollback is followed."""
    documents = reads.query(scope.collection("rollouts"), [("running", "==", True)])
    documents += reads.query(
        scope.collection("rollouts"),
        [("decided_at", ">=", now - FOLLOWED_SECONDS)],
        order_by="decided_at",
        descending=True,
        limit=LISTED,
    )
    found = {}
    for document in documents:
        try:
            found[document.id] = Rollout.from_document(document.id, document.data)
        except (KeyError, TypeError, ValueError) as error:
            log.exception("rollout unreadable", error, rollout=document.id)
    return list(found.values())


def default_of(reads: Reads, scope: Scope, flag: str) -> str:
    """The variant that everybody gets; "" of a flag that is gone."""
    document = reads.get(scope.doc("flags", flag))
    definition = Flag.from_document(document.data).definition if document else {}
    return str(definition.get("defaultVariant") or "")


def _kept(service: str, document: Document | None) -> Kept:
    if document is None:
        return Kept(None, Record(service))
    try:
        return Kept(document, Record.from_document(document.data))
    except (KeyError, TypeError, ValueError) as error:
        log.exception("traffic unreadable", error, service=service)
        return Kept(document, Record(service))
