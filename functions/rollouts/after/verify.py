"""Verifies the rollbacks of the last minutes: looks, and notes what was found.

It measures and changes nothing, so it is no change: each write is conditional on the record as it
was read, and two that look at once note the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions import log
from functions.alerts import outbox
from functions.alerts.incidents import store as incident_store
from functions.alerts.incidents.incident import Incident, Subject
from functions.changes import pointer_path
from functions.documents import Document, Refused, Scope, Store, Write
from functions.metrics.store import RECENT_SECONDS
from functions.metrics.tally import EMPTY, Tally
from functions.published import EMPTY as NOTHING_PUBLISHED
from functions.published import FLAGS, UNREADABLE, Pointer, decode_part
from functions.rollouts.after import store as kept
from functions.rollouts.after import told
from functions.rollouts.after.rollback import Rollback, Status, with_incidents
from functions.rollouts.after.seen import DEADLINE_SECONDS, Seen
from functions.rollouts.after.verification import verified
from functions.rollouts.store import evidence_path, read_evidence
from functions.rollouts.survey import Recent
from functions.rollouts.traffic import store as traffic
from functions.rollouts.traffic.move import Became
from functions.rollouts.traffic.serving import COLLECTION as SERVING
from functions.rollouts.traffic.serving import Serving, servings_of


@dataclass(frozen=True, slots=True)
class _Published:
    generation: int
    readable: bool
    split_for: frozenset[str]
    servings: Mapping[str, Serving] | None
    """Where services run; None where that can't be read."""


def verify(store: Store, scope: Scope, now: float, recent: Recent) -> int:
    """How many were looked at. While none is verified, one query. Raises StoreUnavailable."""
    stored = kept.verifying(store, scope)
    if not stored:
        return 0
    published = _published(store, scope)
    windows = recent(store, scope, now, _span(stored, now))
    incidents = [each.incident for each in incident_store.followed(store, scope)]
    beside = _beside(store, scope, stored)
    moves = _moves(store, scope, stored, published.servings)
    for each in stored:
        before = each.rollback
        seen = Seen(
            now,
            published.generation,
            published.readable,
            before.id in published.split_for,
            [window for window in windows if window.end > before.at],
            beside.get(before.id, EMPTY),
            moves.get(before.id),
            kept.again(store, scope, before),
        )
        after = with_incidents(verified(before, seen), _of(before, incidents))
        if after != before:
            _note(store, scope, each.document, before, after)
    return len(stored)


def _note(
    store: Store, scope: Scope, document: Document, before: Rollback, after: Rollback
) -> None:
    writes = [Write.update(document, after.to_document())]
    failed = after.status is Status.FAILED and before.status is not Status.FAILED
    message = told.of_failure(after) if failed else None
    if message:
        writes.append(outbox.enqueue(scope, message, after.checked_at))
    try:
        store.commit(writes)
    except Refused:
        log.info("rollback verified by another tick", rollout=after.id)
        return
    if not after.verifying or failed:
        level = log.error if after.status is Status.FAILED else log.info
        level("rollback verified", rollout=after.id, status=after.status.value)


def _span(stored: Sequence[kept.Stored], now: float) -> float:
    """What the looks of the last minutes have seen is noted: further back only after a pause."""
    oldest = min(each.rollback.checked_at or each.rollback.at for each in stored)
    return min(DEADLINE_SECONDS, max(float(RECENT_SECONDS), now - oldest))


def _published(store: Store, scope: Scope) -> _Published:
    """What is published, read as an instance that starts would."""
    document = store.get(pointer_path(scope))
    pointer = Pointer.from_document(document.data) if document else NOTHING_PUBLISHED
    paths = {scope.doc("parts", digest): name for name, digest in pointer.serving.items()}
    readable, split_for = True, frozenset[str]()
    for path, part in store.get_many(sorted(paths)).items():
        try:
            content = decode_part(part.data if part else {})
        except UNREADABLE:
            readable = False
            continue
        if paths[path] == FLAGS:
            split_for = _split_for(content)
    return _Published(pointer.generation, readable, split_for, _servings(store, scope, pointer))


def _servings(store: Store, scope: Scope, pointer: Pointer) -> Mapping[str, Serving] | None:
    if SERVING not in pointer.parts:
        return {}
    part = store.get(scope.doc("parts", pointer.parts[SERVING]))
    try:
        return servings_of(decode_part(part.data if part else {}))
    except UNREADABLE:
        return None


def _split_for(flags: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(split["rollout"] for split in flags.get("splits", {}).values())


def _beside(store: Store, scope: Scope, stored: Sequence[kept.Stored]) -> dict[str, Tally]:
    """What each control did beside its candidate, in the last stage."""
    paths = {evidence_path(scope, each.rollback.id): each.rollback.id for each in stored}
    found = store.get_many(sorted(paths))
    return {
        paths[path]: evidence.both.control
        for path, document in found.items()
        if document and (evidence := read_evidence(document))
    }


def _moves(
    store: Store,
    scope: Scope,
    stored: Sequence[kept.Stored],
    servings: Mapping[str, Serving] | None,
) -> dict[str, Became]:
    """What became of the move of Cloud Run's traffic, by rollout, where there is one, or is to be
    one: that is still to be asked for."""
    services = {each.rollback.service for each in stored}
    records = [each.record.move for each in traffic.kept(store, scope, services).values()]
    found = {
        each.rollback.id: Became.ASKED
        for each in stored
        if servings is None or _movable(servings.get(each.rollback.service), each.rollback)
    }
    return found | {move.rollout: move.became for move in records if move}


def _movable(serving: Serving | None, rollback: Rollback) -> bool:
    """Whether traffic is to go to the revision of the version that is back."""
    return (
        serving is not None
        and bool(serving.cloud_run)
        and rollback.control in serving.revisions
        and rollback.at >= serving.since
    )


def _of(rollback: Rollback, incidents: Sequence[Incident]) -> list[str]:
    subject = Subject(rollback.service, rollback.candidate)
    return [incident.id for incident in incidents if incident.subject == subject]
