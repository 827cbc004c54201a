"""What Firestore holds of a test of alerts: its alert's changes, its incident, who was told."""

from __future__ import annotations

from functions.alerts.events import COLLECTION as EVENTS
from functions.alerts.incidents import store as incidents
from functions.alerts.outbox.store import DELIVERIES
from functions.alerts.testing.progress import Happened, Opened, Progress, Sent, progress
from functions.alerts.testing.synthetic import AlertTest
from functions.documents import Reads, Scope

AT_MOST = 100


def follow(reads: Reads, scope: Scope, test: AlertTest, now: float) -> Progress:
    """Raises StoreUnavailable."""
    mine = [("version", "==", test.version)]
    changes = [
        Happened(each.data["at"].timestamp(), each.data["after"])
        for each in reads.query(scope.collection(EVENTS), mine, limit=AT_MOST)
        if each.data["rule"] == test.rule
    ]
    incident = _incident(reads, scope, test)
    sent = _sent(reads, scope, incident) if incident else []
    return progress(test, changes, incident, sent, now)


def _incident(reads: Reads, scope: Scope, test: AlertTest) -> Opened | None:
    found = incidents.of_version(reads, scope, test.version)
    if not found:
        return None
    first = min(found, key=lambda one: one.opened_at)
    return Opened(first.id, first.opened_at, first.resolved_at or None)


def _sent(reads: Reads, scope: Scope, incident: Opened) -> list[Sent]:
    where = [("about", "==", f"{incidents.COLLECTION}/{incident.id}")]
    return [
        Sent(
            each.data["event"],
            each.data["channel"],
            each.data["status"],
            each.data["attempts"],
            each.data["ended_at"].timestamp() if each.data["ended_at"] else None,
            each.data["reason"],
        )
        for each in reads.query(scope.collection(DELIVERIES), where, limit=AT_MOST)
    ]
