"""The outbox: messages that must arrive, kept in Firestore until they have.

ENV/outbox/{id}. A message is written in the commit of what it tells of. Whoever delivers claims it
first, by moving its `due_at` into the future on the condition that nobody did meanwhile; then it is
sent, then marked. Killed in between, it becomes due again: delivered at least once, and twice only
if the process dies between sending and marking.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from functions import log
from functions.alerts.message import ENGLISH, Event, Message, Text
from functions.clock import Clock
from functions.documents import Document, Refused, Scope, Store, Write
from functions.errors import StoreUnavailable
from functions.metrics.store import delete_expired
from functions.published import timestamp

LOG = "log"
DUE = "due"
DELIVERED = "delivered"
DEAD = "dead"
FIRST_PAUSE_SECONDS = 30
LONGEST_PAUSE_SECONDS = 3600
ATTEMPTS = 12
KEPT_SECONDS = 30 * 86_400
AT_ONCE = 50

Channel = Callable[[Message], None]
"""Sends one message, or raises Undelivered."""


class Undelivered(Exception):
    """A channel did not take a message; it is tried again later."""


@dataclass(frozen=True)
class Delivered:
    """How many messages were sent, were not taken this time, and were given up."""

    sent: int = 0
    failed: int = 0
    dead: int = 0


def to_log(message: Message) -> None:
    """The channel `log`: one structured line."""
    log.warning(
        "notification",
        severity_of_alert=message.severity,
        about=message.about,
        title=message.texts[ENGLISH].title,
        text=message.texts[ENGLISH].text,
        **message.facts,
    )


CHANNELS: Mapping[str, Channel] = {LOG: to_log}


def enqueue(scope: Scope, message: Message, now: float) -> Write:
    """The write that puts a message into the outbox, for the commit of what it tells of."""
    data = {
        "channel": LOG,
        "event": message.event.value,
        "status": DUE,
        "attempts": 0,
        "created_at": timestamp(now),
        "due_at": timestamp(now),
        "expires_at": timestamp(now + KEPT_SECONDS),
        "about": message.about,
        "severity": message.severity,
        "texts": {language: [each.title, each.text] for language, each in message.texts.items()},
        "runbook": message.runbook,
        "level": message.level,
        "test": message.test,
        "facts": json.dumps(dict(message.facts), sort_keys=True),
    }
    return Write.create(scope.doc("outbox", message.id), data)


def deliver(
    store: Store,
    clock: Clock,
    scope: Scope,
    channels: Mapping[str, Channel] = CHANNELS,
    *,
    seconds: float = 5.0,
) -> Delivered:
    """Delivers what is due, oldest first, and stops when its time is over.

    Raises nothing: what could not be delivered stays due.
    """
    with log.bound(application=scope.application, environment=scope.environment):
        return _deliver_due(store, clock, scope, channels, clock.monotonic() + seconds)


def _deliver_due(
    store: Store, clock: Clock, scope: Scope, channels: Mapping[str, Channel], deadline: float
) -> Delivered:
    counts = {"sent": 0, "failed": 0, "dead": 0}
    try:
        for document in _due(store, scope, clock.now()):
            if clock.monotonic() >= deadline:
                break
            outcome = _deliver_one(store, clock, document, channels)
            if outcome:
                counts[outcome] += 1
    except StoreUnavailable:
        log.warning("outbox_unreachable", **counts)
    return Delivered(**counts)


def cleanup(store: Store, scope: Scope, now: float) -> int:
    """Deletes messages of long ago; how many. For `daily`."""
    return delete_expired(store, scope, now, ("outbox",))


def _due(store: Store, scope: Scope, now: float) -> list[Document]:
    return store.query(
        scope.collection("outbox"),
        [("due_at", "<=", timestamp(now))],
        order_by="due_at",
        limit=AT_ONCE,
    )


def _deliver_one(
    store: Store, clock: Clock, document: Document, channels: Mapping[str, Channel]
) -> str | None:
    """What became of a message; None when somebody else has it."""
    attempts = document.data["attempts"] + 1
    pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (attempts - 1))
    claimed = {"attempts": attempts, "due_at": timestamp(clock.now() + pause)}
    try:
        store.commit([Write.update(document, claimed)])
    except Refused:
        return None
    channel = document.data["channel"]
    try:
        _channel(channels, channel)(_message(document))
    except Undelivered as problem:
        log.warning("notification_not_taken", channel=channel, reason=str(problem))
        if attempts < ATTEMPTS:
            return "failed"
        _finish(store, document, attempts, DEAD, clock.now())
        return "dead"
    _finish(store, document, attempts, DELIVERED, clock.now())
    return "sent"


def _channel(channels: Mapping[str, Channel], name: str) -> Channel:
    if name not in channels:
        raise Undelivered(f"there is no channel {name}")
    return channels[name]


def _finish(store: Store, document: Document, attempts: int, status: str, now: float) -> None:
    """The last word on a message. Without `due_at` no query finds it any more."""
    data: dict[str, Any] = {k: v for k, v in document.data.items() if k != "due_at"}
    ended = {"status": status, "attempts": attempts, "ended_at": timestamp(now)}
    store.commit([Write.set(document.path, {**data, **ended})])


def _message(document: Document) -> Message:
    data = document.data
    return Message(
        id=document.id,
        event=Event(data["event"]),
        severity=data["severity"],
        about=data["about"],
        texts={language: Text(*each) for language, each in data["texts"].items()},
        facts=json.loads(data["facts"]),
        runbook=data["runbook"],
        level=data["level"],
        test=data["test"],
    )
