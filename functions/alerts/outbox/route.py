"""The first half of telling: who is told of each new message, written in one commit with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from functions import log
from functions.alerts.channels import channel as channels
from functions.alerts.channels.catalog import CHANNELS, ROUTES
from functions.alerts.channels.channel import Channel
from functions.alerts.message import Message
from functions.alerts.outbox import delivery, kept, routing, store
from functions.alerts.outbox.routing import FOLLOWING, Chosen, Route, choose
from functions.catalog import Catalog, published
from functions.documents import Document, Reads, Refused, Scope, Store, Write
from functions.errors import FailedPrecondition


@dataclass(frozen=True)
class Definitions:
    """Channels by id, and routes, as they are published now.

    unreadable   channels that this bundle can't read: they are there, and told by one that can
    """

    channels: Mapping[str, Channel]
    routes: Collection[Route]
    unreadable: frozenset[str] = frozenset()


def definitions(reads: Reads, scope: Scope) -> Definitions:
    """One that can't be read stops no other. Raises StoreUnavailable."""
    known, lost = channels.of_part(_defined(reads, scope, CHANNELS))
    routes, lost_routes = routing.of_part(_defined(reads, scope, ROUTES))
    if lost or lost_routes:
        log.error("definitions_unreadable", channels=lost, routes=lost_routes)
    return Definitions(known, routes, frozenset(lost))


def _defined(reads: Reads, scope: Scope, kind: Catalog) -> Mapping[str, Any]:
    """What is published; where that is damaged, what is stored: people are told all the same."""
    try:
        return published(reads, scope, kind)
    except FailedPrecondition:
        log.error("definitions_unreadable", part=kind.collection)
        documents = reads.query(scope.collection(kind.collection))
        return {each.id: each.data["definition"] for each in documents}


def route_new(database: Store, scope: Scope, now: float) -> int:
    """How many messages were routed. Raises StoreUnavailable; what was not is routed later."""
    found = store.new_messages(database, scope, now)
    if not found:
        return 0
    known = definitions(database, scope)
    return sum(_route(database, scope, document, known, now) for document in found)


def _route(
    database: Store, scope: Scope, document: Document, known: Definitions, now: float
) -> bool:
    try:
        message = kept.message(document.id, document.data)
        created_at = document.data["created_at"].timestamp()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        log.exception("message_unreadable", error, message_id=document.id)
        return _commit(database, [Write.update(document, _ended(kept.UNREADABLE, Chosen(())))])
    before = store.heard(database, scope, message.about) if message.event in FOLLOWING else ()
    chosen = choose(message, known.routes, known.channels, before, known.unreadable)
    deliveries = [delivery.of_message(message, each, created_at, now) for each in chosen.to]
    return _commit(
        database,
        [
            Write.update(document, _ended(kept.ROUTED, chosen)),
            *(store.create(scope, each) for each in deliveries),
        ],
    )


def to_channel(scope: Scope, message: Message, channel: str, now: float) -> list[Write]:
    """The writes of a message for one channel, whatever the routes say."""
    return [
        kept.routed(scope, message, now, [channel]),
        store.create(scope, delivery.of_message(message, channel, now, now)),
    ]


def _ended(status: str, chosen: Chosen) -> dict[str, object]:
    """Without `due_at` no query finds it any more."""
    return {
        "status": status,
        "due_at": None,
        "channels": list(chosen.to),
        "left": list(chosen.left),
    }


def _commit(database: Store, writes: list[Write]) -> bool:
    """Refused means that another tick has routed it."""
    try:
        database.commit(writes)
    except Refused:
        return False
    return True
