"""Alerts in Firestore: ENV/alerts/{rule}_{service}_{version}.

Only what is not well is stored, and it is written when it changes: an alert without a document is
ok, or has never been measured. Machines write here, so these are writes and not changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from functions.alerts.measures import Key
from functions.alerts.state import (
    FIRING,
    FLAPPING_SECONDS,
    NO_DATA,
    PENDING,
    RESOLVED,
    State,
)
from functions.documents import Document, Scope, Store, Write, document_id
from functions.published import timestamp

LIMIT = 5_000
FORGOTTEN_SECONDS = 86_400
"""An alert without data is kept in sight for a day."""


def load(store: Store, scope: Scope) -> dict[Key, Document]:
    """Every alert that is not simply ok. Raises StoreUnavailable."""
    found = store.query(scope.collection("alerts"), limit=LIMIT)
    return {key(document): document for document in found}


def firing(store: Store, scope: Scope) -> list[State]:
    """The alerts that fire now, most severe first, for screens and checks."""
    found = store.query(scope.collection("alerts"), [("status", "==", FIRING)], limit=LIMIT)
    return sorted(map(state, found), key=lambda one: (one.severity, one.key))


def writes(
    scope: Scope, stored: Mapping[Key, Document], states: Iterable[State], now: float
) -> dict[Key, Write]:
    """What has to be written for these states, each conditional on what was read."""
    needed: dict[Key, Write] = {}
    for one in states:
        document = stored.get(one.key)
        if _kept(one, document, now):
            if document is None:
                needed[one.key] = Write.create(path(scope, one.key), _data(one))
            elif state(document) != one:
                needed[one.key] = Write.update(document, _data(one))
        elif document is not None:
            needed[one.key] = Write.delete(document)
    return needed


def removals(stored: Mapping[Key, Document], gone: Iterable[State]) -> dict[Key, Write]:
    """What has to be deleted, of alerts whose rule is gone."""
    return {one.key: Write.delete(stored[one.key]) for one in gone if one.key in stored}


def path(scope: Scope, of: Key) -> str:
    return scope.doc("alerts", document_id(of.rule, of.service, of.version))


def key(document: Document) -> Key:
    data = document.data
    return Key(data["rule"], data["service"], data["version"])


def state(document: Document) -> State:
    """An alert as it was stored."""
    data = document.data
    quiet = data["quiet_since"]
    return State(
        key=key(document),
        severity=data["severity"],
        status=data["status"],
        since=data["since"].timestamp(),
        threshold=data["threshold"],
        quiet_since=quiet.timestamp() if quiet else None,
        value=data["value"],
        requests=data["requests"],
        failures=data["failures"],
        muted=data.get("muted", ""),
        opened=tuple(at.timestamp() for at in data.get("opened", ())),
        by_users=data.get("by_users", False),
    )


def _kept(one: State, document: Document | None, now: float) -> bool:
    if one.status == NO_DATA:
        return document is not None and now - one.since < FORGOTTEN_SECONDS
    lately = any(now - at < FLAPPING_SECONDS for at in one.opened)
    return lately or one.status in (PENDING, FIRING, RESOLVED)


def _data(one: State) -> dict[str, Any]:
    return {
        "rule": one.key.rule,
        "service": one.key.service,
        "version": one.key.version,
        "severity": one.severity,
        "status": one.status,
        "since": timestamp(one.since),
        "quiet_since": None if one.quiet_since is None else timestamp(one.quiet_since),
        "threshold": one.threshold,
        "value": one.value,
        "requests": one.requests,
        "failures": one.failures,
        "muted": one.muted,
        "opened": [timestamp(at) for at in one.opened],
        "by_users": one.by_users,
    }
