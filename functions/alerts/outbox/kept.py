"""Messages as the outbox keeps them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from functions.alerts.message import LANGUAGES, Event, Message, Text
from functions.documents import Document, Scope, Write
from functions.published import timestamp

COLLECTION = "outbox"
NEW = "new"
ROUTED = "routed"
UNREADABLE = "unreadable"
KEPT_SECONDS = 30 * 86_400


def enqueue(scope: Scope, message: Message, now: float) -> Write:
    """The write that puts a message into the outbox, for the commit of what it tells of."""
    return Write.create(scope.doc(COLLECTION, message.id), {**_data(message, now), **_new(now)})


def routed(scope: Scope, message: Message, now: float, channels: list[str]) -> Write:
    """As `enqueue`, for a message whose channels stand already."""
    ended = {"status": ROUTED, "channels": channels}
    return Write.create(scope.doc(COLLECTION, message.id), {**_data(message, now), **ended})


def _new(now: float) -> dict[str, Any]:
    return {"status": NEW, "due_at": timestamp(now)}


def _data(message: Message, now: float) -> dict[str, Any]:
    return {
        "event": message.event.value,
        "created_at": timestamp(now),
        "expires_at": timestamp(now + KEPT_SECONDS),
        "about": message.about,
        "severity": message.severity,
        "texts": {language: [each.title, each.text] for language, each in message.texts.items()},
        "runbook": message.runbook,
        "level": message.level,
        "test": message.test,
        "facts": json.dumps(dict(message.facts), sort_keys=True),
    }


def message(name: str, data: Mapping[str, Any]) -> Message:
    """Raises KeyError, TypeError, ValueError when it is none."""
    texts = {language: Text(*each) for language, each in _texts(data).items()}
    if set(LANGUAGES) - set(texts):
        raise ValueError(f"a message is written in {' and '.join(LANGUAGES)}")
    return Message(
        id=name,
        event=Event(data.get("event", Event.NEWS)),
        severity=data["severity"],
        about=data["about"],
        texts=texts,
        facts=json.loads(data["facts"]),
        runbook=data.get("runbook", ""),
        level=data.get("level", ""),
        test=data.get("test", False),
    )


def _texts(data: Mapping[str, Any]) -> Mapping[str, tuple[str, str]]:
    """Before messages were written in two languages they had one title and one text."""
    if "texts" in data:
        found: Mapping[str, tuple[str, str]] = data["texts"]
        return found
    return dict.fromkeys(LANGUAGES, (data["title"], data["text"]))


def texts(document: Document | None) -> dict[str, dict[str, str]]:
    """The texts of a message by language; none of one that is gone."""
    found = document.data["texts"] if document else {}
    return {language: {"title": title, "text": text} for language, (title, text) in found.items()}
