"""Rollbacks in Firestore.

ENV/rollbacks/{rollout}   a rollback; made in the commit that takes back, then `tick` notes what its
                          verification finds
ENV/before/{rollout}      what the rollout's flags were before its first split, compressed
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from functions import log
from functions.documents import Document, Reads, Scope, Write
from functions.errors import NotFound
from functions.published import UNREADABLE, canonical
from functions.rollouts import store as rollouts
from functions.rollouts.after.rollback import Rollback, Stood
from functions.rollouts.store import IDENTIFIER

COLLECTION = "rollbacks"
BEFORE = "before"
LISTED = 100
AT_ONCE = 100
"""Rollbacks that are verified in one look."""

MAXIMUM_BYTES = 900_000
"""Of what the flags were. Beyond it, it is not kept: a start must not fail for it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A rollback with the document that it was read from."""

    document: Document
    rollback: Rollback


def path(scope: Scope, identifier: str) -> str:
    return scope.doc(COLLECTION, identifier)


def before_path(scope: Scope, identifier: str) -> str:
    return scope.doc(BEFORE, identifier)


def written(scope: Scope, rollback: Rollback) -> Write:
    """Unconditional: it stands in the commit of its rollout's transition, which is not."""
    return Write.set(path(scope, rollback.id), rollback.to_document())


def before_written(scope: Scope, identifier: str, flags: Mapping[str, Stood]) -> Write | None:
    body = zlib.compress(canonical({key: asdict(each) for key, each in flags.items()}).encode())
    if len(body) > MAXIMUM_BYTES:
        return None
    return Write.set(before_path(scope, identifier), {"flags": body})


def before_of(document: Document | None) -> dict[str, Stood]:
    """What the flags were, by key; none where nobody noted it or it can't be read."""
    try:
        found = json.loads(zlib.decompress(document.data["flags"])) if document else {}
        return {key: Stood(**each) for key, each in found.items()}
    except UNREADABLE:
        return {}


def find(reads: Reads, scope: Scope, identifier: str) -> Rollback:
    """Raises NotFound."""
    well_formed = IDENTIFIER.fullmatch(identifier)
    document = reads.get(path(scope, identifier)) if well_formed else None
    for found in _readable([document] if document else []):
        return found.rollback
    raise NotFound(f"There is no rollback of a rollout {identifier[:64]!r} in this environment.")


def found_of(reads: Reads, scope: Scope, identifier: str) -> Rollback | None:
    """The rollback of a rollout, where one is recorded and can be read."""
    document = reads.get(path(scope, identifier))
    return next((each.rollback for each in _readable([document] if document else [])), None)


def listed(reads: Reads, scope: Scope) -> list[Rollback]:
    """The latest first."""
    documents = reads.query(
        scope.collection(COLLECTION), order_by="at", descending=True, limit=LISTED
    )
    return [each.rollback for each in _readable(documents)]


def verifying(reads: Reads, scope: Scope) -> list[Stored]:
    """Those that are still to be looked at."""
    where = [("verifying", "==", True)]
    return _readable(reads.query(scope.collection(COLLECTION), where, limit=AT_ONCE))


def since(reads: Reads, scope: Scope, at: float) -> list[Rollback]:
    """Those made since then."""
    documents = reads.query(
        scope.collection(COLLECTION), [("at", ">=", at)], order_by="at", limit=LISTED
    )
    return [each.rollback for each in _readable(documents)]


def _readable(documents: Sequence[Document]) -> list[Stored]:
    """One that can't be read must not stop the others."""
    found = []
    for document in documents:
        try:
            found.append(Stored(document, Rollback.from_document(document.data)))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            log.exception("rollback unreadable", error, rollout=document.id)
    return found


def again(reads: Reads, scope: Scope, rollback: Rollback) -> int | None:
    """The first generation since then in which another rollout gave users what was taken back."""
    where = [("flag", "==", rollback.flag), ("candidate", "==", rollback.candidate)]
    others = [
        document.id
        for document in reads.query(scope.collection("rollouts"), where)
        if document.id != rollback.id and document.data["decided_at"] >= rollback.at
    ]
    begun = [
        int(event["generation"])
        for identifier in others
        for event in rollouts.events(reads, scope, identifier)
        if event["percentage"] > 0 and event["generation"] > rollback.generation
    ]
    return min(begun, default=None)
