"""The outbox in Firestore: what is due, who is told, and how a channel is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions import log
from functions.alerts.outbox import kept
from functions.alerts.outbox.delivery import Delivery, Status, waiting
from functions.documents import Document, Reads, Scope, Store, Write
from functions.errors import FailedPrecondition, NotFound
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
    return sorted({each.delivery.channel for each in _readable(found)})


@dataclass(frozen=True)
class Due:
    """`channels` have something to be told; when `full`, others may have as well."""

    channels: frozenset[str]
    full: bool


def due(store: Reads, scope: Scope, now: float) -> Due:
    """What is to be sent now, by the first DUE_AT_ONCE of it. Raises StoreUnavailable."""
    found = store.query(
        scope.collection(DELIVERIES),
        [("due_at", "<=", timestamp(now))],
        order_by="due_at",
        limit=DUE_AT_ONCE,
    )
    channels = frozenset(each.delivery.channel for each in _readable(found))
    return Due(channels, len(found) >= DUE_AT_ONCE)


def opened(store: Reads, scope: Scope, channel: str) -> list[Stored]:
    """What a channel has not been told yet, in its order. Raises StoreUnavailable."""
    found = store.query(
        scope.collection(DELIVERIES),
        [("channel", "==", channel), ("status", "==", Status.DUE.value)],
        order_by="created_at",
        limit=OPEN_AT_ONCE,
    )
    readable = {each.delivery.id: each for each in _readable(found)}
    return [readable[each.id] for each in waiting([one.delivery for one in readable.values()])]


def of_matter(store: Reads, scope: Scope, about: str, channel: str) -> list[Delivery]:
    """What a channel is told of a matter, ended or not. Raises StoreUnavailable."""
    where = [("about", "==", about), ("channel", "==", channel)]
    found = store.query(scope.collection(DELIVERIES), where, limit=HEARD_AT_MOST)
    return [each.delivery for each in _readable(found)]


def find(reads: Reads, scope: Scope, identifier: str) -> Stored:
    """Raises NotFound, FailedPrecondition (it can't be read), StoreUnavailable."""
    known = IDENTIFIER.fullmatch(identifier)
    document = reads.get(scope.doc(DELIVERIES, identifier)) if known else None
    if document is None:
        raise NotFound("There is no such delivery.")
    for found in _readable([document]):
        return found
    raise FailedPrecondition(
        "This delivery can't be read: another version of Palier may have written it.",
        remedy="Deploy the latest bundle.",
    )


def listed(
    store: Reads, scope: Scope, only: Mapping[str, str | None], limit: int
) -> list[Delivery]:
    """The latest, newest first."""
    where = [(field, "==", value) for field, value in only.items() if value is not None]
    found = store.query(
        scope.collection(DELIVERIES), where, order_by="created_at", descending=True, limit=limit
    )
    return [each.delivery for each in _readable(found)]


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


def _readable(documents: Iterable[Document]) -> list[Stored]:
    """One that another version wrote keeps no other from being told."""
    found = []
    for document in documents:
        try:
            found.append(Stored(Delivery.from_document(document.data), document))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.exception("delivery_unreadable", error, delivery=document.id)
    return found


def _data(delivery: Delivery) -> dict[str, Any]:
    return delivery.to_document(delivery.created_at + kept.KEPT_SECONDS)
