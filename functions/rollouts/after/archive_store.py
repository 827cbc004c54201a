"""Archives in Firestore.

ENV/archives/{rollout}   sums of a rollout's stretches and figures of its hours, compressed
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from functions import log
from functions.documents import Document, Reads, Scope, Write
from functions.published import UNREADABLE, canonical
from functions.rollouts.after.archive import Archive
from functions.rollouts.rollout import Rollout

COLLECTION = "archives"
MAXIMUM_BYTES = 900_000
MOST = 1_000
"""Rollouts that ended lately, the latest first."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An archive with the document that it was read from: None before the first write."""

    document: Document | None
    archive: Archive


def path(scope: Scope, identifier: str) -> str:
    return scope.doc(COLLECTION, identifier)


def kept(reads: Reads, scope: Scope, identifiers: Iterable[str]) -> dict[str, Kept]:
    """By rollout, those that there are. One that can't be read begins anew."""
    paths = {path(scope, each): each for each in identifiers}
    found = {}
    for where, document in reads.get_many(sorted(paths)).items():
        if document:
            found[paths[where]] = Kept(document, _archive(paths[where], document))
    return found


def find(reads: Reads, scope: Scope, identifier: str) -> Archive | None:
    document = reads.get(path(scope, identifier))
    return _archive(identifier, document) if document else None


def write(scope: Scope, before: Document | None, archive: Archive) -> Write:
    """Refused when somebody else has written it since it was read."""
    data = {"through": archive.through, "done": archive.done, "body": _body(archive)}
    if before is None:
        return Write.create(path(scope, archive.id), data)
    return Write.update(before, data)


def lately(reads: Reads, scope: Scope, since: float) -> list[Rollout]:
    """Those that run, or moved since then."""
    collection = scope.collection("rollouts")
    documents = reads.query(collection, [("running", "==", True)])
    documents += reads.query(
        collection,
        [("decided_at", ">=", since)],
        order_by="decided_at",
        descending=True,
        limit=MOST,
    )
    return _rollouts(documents)


def _rollouts(documents: Sequence[Document]) -> list[Rollout]:
    """One that can't be read must not stop the others."""
    found = {}
    for document in documents:
        try:
            found[document.id] = Rollout.from_document(document.id, document.data)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            log.exception("rollout unreadable", error, rollout=document.id)
    return list(found.values())


def _archive(identifier: str, document: Document) -> Archive:
    data = document.data
    try:
        content = json.loads(zlib.decompress(data["body"]))
        return Archive.from_data(identifier, data["through"], data["done"], content)
    except UNREADABLE as error:
        log.exception("archive unreadable", error, rollout=identifier)
        return Archive(identifier, 0)


def _body(archive: Archive) -> bytes:
    data = archive.to_data()
    body = zlib.compress(canonical(data).encode())
    return (
        body
        if len(body) <= MAXIMUM_BYTES
        else zlib.compress(canonical({**data, "hours": {}}).encode())
    )
