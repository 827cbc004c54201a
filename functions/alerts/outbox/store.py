"""The outbox in Firestore: what is due, who is told, and how a channel is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.alerts.outbox import kept
from functions.alerts.outbox.delivery import Delivery, Status, waiting
from functions.documents import Document, Reads, Scope, Store, Write
from functions.errors import NotFound
from functions.metrics.store import delete_expired
from functions.published import timestamp

DELIVERIES = "deliveries"
MESSAGES_AT_ONCE = 50
DUE_AT_ONCE = 200
OPEN_AT_ONCE = 200
"""Of a channel. More wait behind them: older ones are told first."""

HEARD_AT_MOST = 500
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,199}")
"""Of a delivery: those of its message and its channel."""


@dataclass(frozen=True)
class Stored:
    """A delivery, and the document that it was read from."""

    delivery: Delivery
    document: Document


def new_messages(store: Reads, scope: Scope, now: float) -> list[Document]:
    """Messages that nobody has been chosen for, oldest first. Raises StoreUnavailable."""
    return store.query(
        scope.collection(kept.COLLECTION),
        [("due_at", "<=", timestamp(now))],
        order_by="due_at",
        limit=MESSAGES_AT_ONCE,
    )


def messages(store: Reads, scope: Scope, names: Sequence[str]) -> dict[str, Document]:
    """By their ids; without those that are gone."""
    found = store.get_many([scope.doc(kept.COLLECTION, name) for name in dict.fromkeys(names)])
    return {each.id: each for each in found.values() if each}


def heard(store: Reads, scope: Scope, about: str) -> list[str]:
    """The channels that are told of a matter already."""
    found = store.query(scope.collection(DELIVERIES), [("about", "==", about)], limit=HEARD_AT_MOST)
    return sorted({each.data["channel"] for each in found})


def due(store: Reads, scope: Scope, now: float) -> list[Delivery]:
    """What is to be sent now, at most DUE_AT_ONCE of it. Raises StoreUnavailable."""
    found = store.query(
        scope.collection(DELIVERIES),
        [("due_at", "<=", timestamp(now))],
        order_by="due_at",
        limit=DUE_AT_ONCE,
    )
    return [Delivery.from_document(each.data) for each in found]


def opened(store: Reads, scope: Scope, channel: str) -> list[Stored]:
    """What a channel has not been told yet, in its order. Raises StoreUnavailable."""
    found = store.query(
        scope.collection(DELIVERIES),
        [("channel", "==", channel), ("status", "==", Status.DUE.value)],
        order_by="created_at",
        limit=OPEN_AT_ONCE,
    )
    by_id = {each.id: each for each in found}
    deliveries = waiting([Delivery.from_document(each.data) for each in found])
    return [Stored(each, by_id[each.id]) for each in deliveries]


def of_matter(store: Reads, scope: Scope, about: str, channel: str) -> list[Delivery]:
    """What a channel is told of a matter, ended or not. Raises StoreUnavailable."""
    where = [("about", "==", about), ("channel", "==", channel)]
    found = store.query(scope.collection(DELIVERIES), where, limit=HEARD_AT_MOST)
    return [Delivery.from_document(each.data) for each in found]


def find(reads: Reads, scope: Scope, identifier: str) -> Stored:
    """Raises NotFound, StoreUnavailable."""
    known = IDENTIFIER.fullmatch(identifier)
    document = reads.get(scope.doc(DELIVERIES, identifier)) if known else None
    if document is None:
        raise NotFound("There is no such delivery.")
    return Stored(Delivery.from_document(document.data), document)


def listed(
    store: Reads, scope: Scope, only: Mapping[str, str | None], limit: int
) -> list[Delivery]:
    """The latest, newest first."""
    where = [(field, "==", value) for field, value in only.items() if value is not None]
    found = store.query(
        scope.collection(DELIVERIES), where, order_by="created_at", descending=True, limit=limit
    )
    return [Delivery.from_document(each.data) for each in found]


def create(scope: Scope, delivery: Delivery) -> Write:
    return Write.create(scope.doc(DELIVERIES, delivery.id), _data(delivery))


def update(stored: Document, delivery: Delivery) -> Write:
    """Refused when somebody else was at it since it was read."""
    return Write.update(stored, _data(delivery))


def dead(store: Store, scope: Scope) -> int:
    """How many deliveries were given up and not tried again since."""
    return store.count(scope.collection(DELIVERIES), [("status", "==", Status.DEAD.value)])


def cleanup(store: Store, scope: Scope, now: float) -> int:
    """Deletes messages of long ago and what became of them; how many. For `daily`."""
    return delete_expired(store, scope, now, (kept.COLLECTION, DELIVERIES))


def _data(delivery: Delivery) -> dict[str, Any]:
    return delivery.to_document(delivery.created_at + kept.KEPT_SECONDS)
