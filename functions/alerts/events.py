"""Every change of an alert, with the numbers that caused it: ENV/alert-events/{time}_{whose}.

Written in the commit of the alert's new state, and kept for 90 days.
"""

from __future__ import annotations

import hashlib
from typing import Any

from functions.alerts.rules import Transition
from functions.alerts.state import OK, REMOVED, State
from functions.documents import Document, Scope, Store, Write, document_id
from functions.metrics.store import delete_expired
from functions.published import timestamp

COLLECTION = "alert-events"
KEPT_SECONDS = 90 * 86_400


def of_transition(scope: Scope, change: Transition, now: float) -> Write:
    before = change.before.shown if change.before else OK
    return _write(scope, change.after, before, change.after.shown, now)


def of_removal(scope: Scope, state: State, now: float) -> Write:
    """An alert ended because its rule is gone."""
    return _write(scope, state, state.shown, REMOVED, now)


def listed(store: Store, scope: Scope, before: float, limit: int) -> list[dict[str, Any]]:
    """The events earlier than a time, newest first. Raises StoreUnavailable."""
    found = store.query(
        scope.collection(COLLECTION),
        [("at", "<", timestamp(before))],
        order_by="at",
        descending=True,
        limit=limit,
    )
    return [_view(document) for document in found]


def cleanup(store: Store, scope: Scope, now: float) -> int:
    """Deletes events of long ago; how many. For `daily`."""
    return delete_expired(store, scope, now, (COLLECTION,))


def _write(scope: Scope, state: State, before: str, after: str, now: float) -> Write:
    whose = document_id(*state.key, before, after)
    name = f"{round(now * 1000):014d}_{hashlib.sha256(whose.encode()).hexdigest()[:16]}"
    data = {
        "at": timestamp(now),
        "rule": state.key.rule,
        "service": state.key.service,
        "version": state.key.version,
        "severity": state.severity,
        "before": before,
        "after": after,
        "since": timestamp(state.since),
        "value": state.value,
        "threshold": state.threshold,
        "requests": state.requests,
        "failures": state.failures,
        "flapping": state.flapping,
        "expires_at": timestamp(now + KEPT_SECONDS),
    }
    return Write.create(scope.doc(COLLECTION, name), data)


def _view(document: Document) -> dict[str, Any]:
    data = document.data
    seconds = {name: data[name].timestamp() for name in ("at", "since")}
    left = {name: each for name, each in data.items() if name not in ("expires_at", "schema")}
    return {"id": document.id, **left, **seconds}
