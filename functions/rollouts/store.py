"""Rollouts, their events and their evidence in Firestore.

ENV/rollouts/{id}                   the rollout; changed only by changes
ENV/rollouts/{id}/events/{number}   one document a transition, written with it
ENV/evidence/{id}                   what was seen of the running stage: measured, so not a change
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from functions import log
from functions.documents import Document, Reads, Scope, Write
from functions.errors import FailedPrecondition, NotFound
from functions.rollouts.evidence import Evidence, fresh
from functions.rollouts.rollout import Rollout, moved_name
from functions.rollouts.state import RUNNING, Phase

LISTED = 200
PAGE = 200
"""Rollouts that are read at a time: each page has a deadline of its own."""

IDENTIFIER = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class Stored:
    """A rollout with the document it was read from: the precondition of its next write."""

    document: Document
    rollout: Rollout


def rollout_path(scope: Scope, identifier: str) -> str:
    return scope.doc("rollouts", identifier)


def evidence_path(scope: Scope, identifier: str) -> str:
    return scope.doc("evidence", identifier)


def event_path(scope: Scope, rollout: Rollout) -> str:
    return f"{rollout_path(scope, rollout.id)}/events/{rollout.transitions:06d}"


def find(reads: Reads, scope: Scope, identifier: str) -> Stored:
    """Raises NotFound."""
    well_formed = IDENTIFIER.fullmatch(identifier)
    document = reads.get(rollout_path(scope, identifier)) if well_formed else None
    if document is None:
        raise NotFound(f"There is no rollout {identifier[:64]!r} in this environment.")
    return Stored(document, Rollout.from_document(document.id, document.data))


def looked_at(reads: Reads, scope: Scope) -> tuple[list[Stored], list[Stored]]:
    """All that the controller looks at, in one query: those that run, and those that wait for their
    turn, the first to be asked for first. One that can't be read must not stop the others."""
    return _in_phases(reads, scope, (*RUNNING, Phase.QUEUED))


def beginning(reads: Reads, scope: Scope) -> tuple[list[Stored], list[Stored]]:
    """As `looked_at`, but only those that can't wait and that no slot tells of: they start, or
    can't go back."""
    return _in_phases(reads, scope, (Phase.STARTING, Phase.BLOCKED, Phase.QUEUED))


def some(reads: Reads, scope: Scope, identifiers: Collection[str]) -> list[Stored]:
    """Those of them that run."""
    paths = [rollout_path(scope, each) for each in identifiers]
    found = reads.get_many(paths)
    stored = _readable(document for path in paths if (document := found[path]))
    return [each for each in stored if each.rollout.state.running]


def _in_phases(
    reads: Reads, scope: Scope, phases: Iterable[Phase]
) -> tuple[list[Stored], list[Stored]]:
    where = [("phase", "in", sorted(phase.value for phase in phases))]
    documents: list[Document] = []
    while True:
        after = [documents[-1].id] if documents else []
        page = reads.query(scope.collection("rollouts"), where, limit=PAGE, after=after)
        documents += page
        if len(page) < PAGE:
            break
    found = _readable(documents)
    waiting = [each for each in found if each.rollout.state.phase is Phase.QUEUED]
    waiting.sort(key=lambda each: (each.rollout.state.since, each.rollout.id))
    return [each for each in found if each.rollout.state.running], waiting


def succeeded(reads: Reads, scope: Scope, flag: str) -> list[Rollout]:
    """The rollouts of a flag whose candidate became its default, the newest first."""
    where = [("flag", "==", flag), ("phase", "==", Phase.SUCCEEDED.value)]
    found = _readable(reads.query(scope.collection("rollouts"), where))
    return sorted((each.rollout for each in found), key=lambda each: -each.decided_at)


def _readable(documents: Iterable[Document]) -> list[Stored]:
    stored = []
    for document in documents:
        try:
            stored.append(Stored(document, Rollout.from_document(document.id, document.data)))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            log.exception("rollout unreadable", error, rollout=document.id)
    return stored


def awaited(reads: Reads, scope: Scope, since: float) -> bool:
    """Whether a rollout was created since then and not started yet: somebody is about to."""
    documents = reads.query(
        scope.collection("rollouts"), [("phase", "==", Phase.PENDING.value)], limit=LISTED
    )
    return any(document.data["created_at"].timestamp() >= since for document in documents)


def running_on(reads: Reads, scope: Scope, flags: Collection[str]) -> list[Stored]:
    """The running rollouts that move one of these flags.

    Raises FailedPrecondition when one of them can't be read: it runs all the same.
    """
    documents = _running_on(reads, scope, flags)
    found = _readable(documents)
    unreadable = {each.id for each in documents} - {each.rollout.id for each in found}
    if unreadable:
        raise FailedPrecondition(
            f"The rollout {min(unreadable)} is running on the same flag, and this version of "
            "Palier can't read it: nothing was changed.",
            remedy="Wait until the version of Palier that wrote it is deployed, or deploy it.",
            extra={"rollout": min(unreadable)},
        )
    return found


def running_ids(reads: Reads, scope: Scope, flags: Collection[str]) -> list[str]:
    """As `running_on`, also of those that can't be read."""
    return [each.id for each in _running_on(reads, scope, flags)]


def _running_on(reads: Reads, scope: Scope, flags: Collection[str]) -> list[Document]:
    found = {}
    for flag in flags:
        # An older bundle kept only the first flag by its name.
        for condition in (("flag", "==", flag), ("flags", "array_contains", flag)):
            where = [condition, ("running", "==", True)]
            for document in reads.query(scope.collection("rollouts"), where):
                found[document.id] = document
    return list(found.values())


def using(reads: Reads, scope: Scope, flags: Collection[str]) -> dict[str, list[str]]:
    """What of this room uses these flags, by key, read at once."""
    users: dict[str, list[str]] = {key: [] for key in flags}
    for document in reads.query(scope.collection("rollouts"), [("running", "==", True)]):
        for key in document.data.get("flags", [document.data["flag"]]):
            if key in users:
                users[key].append(f"rollout {document.id}")
    return users


def quarantined(reads: Reads, scope: Scope, flag: str, candidate: str) -> list[Stored]:
    """The rollouts of this candidate that were taken back and not forgiven."""
    taken_back = ("quarantined", "==", True)
    # An older bundle kept only the first flag and its candidate by their names.
    alone = [("flag", "==", flag), ("candidate", "==", candidate), taken_back]
    together = [("moved", "array_contains", moved_name(flag, candidate)), taken_back]
    found = {
        document.id: document
        for where in (alone, together)
        for document in reads.query(scope.collection("rollouts"), where)
    }
    return _readable(found.values())


def listed(reads: Reads, scope: Scope) -> list[Rollout]:
    """The latest rollouts that can be read, newest first."""
    documents = reads.query(
        scope.collection("rollouts"), order_by="created_at", descending=True, limit=LISTED
    )
    return [each.rollout for each in _readable(documents)]


def moved_since(reads: Reads, scope: Scope, since: float) -> list[Rollout]:
    """Those that can be read of the latest that moved since then, the last to move first."""
    documents = reads.query(
        scope.collection("rollouts"),
        [("decided_at", ">=", since)],
        order_by="decided_at",
        descending=True,
        limit=LISTED,
    )
    return [each.rollout for each in _readable(documents)]


def events(reads: Reads, scope: Scope, identifier: str) -> list[dict[str, Any]]:
    """The transitions of a rollout, oldest first."""
    collection = f"{rollout_path(scope, identifier)}/events"
    return [document.data for document in reads.query(collection, order_by="number", limit=LISTED)]


@dataclass(frozen=True, slots=True)
class StoredEvidence:
    """`document` is None before the first fold."""

    document: Document | None
    evidence: Evidence


def evidence_of(
    reads: Reads, scope: Scope, rollouts: Iterable[Rollout]
) -> Mapping[str, StoredEvidence]:
    """The evidence of the running stage of each, by id; fresh when it was kept for another stage or
    can't be read."""
    paths = {rollout.id: evidence_path(scope, rollout.id) for rollout in rollouts if rollout.shift}
    documents = reads.get_many(list(paths.values()))
    found = {}
    for rollout in rollouts:
        if not rollout.shift:
            continue
        document = documents[paths[rollout.id]]
        evidence = fresh(rollout.shift.generation, rollout.shift.began)
        kept = read_evidence(document) if document else None
        if kept and kept.generation == evidence.generation:
            evidence = kept
        found[rollout.id] = StoredEvidence(document, evidence)
    return found


def read_evidence(document: Document) -> Evidence | None:
    """None when it can't be read, as another bundle may have kept it: that is logged, and what was
    seen is counted anew, since a rollout without evidence could not be taken back."""
    try:
        evidence = Evidence.from_document(document.data)
        math.isfinite(evidence.through)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        log.exception("evidence unreadable", error, rollout=document.id)
        return None
    return evidence


def evidence_write(scope: Scope, identifier: str, kept: StoredEvidence, now: Evidence) -> Write:
    """Refused when another tick folded the same slots."""
    if kept.document:
        return Write.update(kept.document, now.to_document())
    return Write.create(evidence_path(scope, identifier), now.to_document())
