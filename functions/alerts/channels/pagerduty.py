"""PagerDuty's Events API v2. Pure.

One incident there is one `dedup_key`: what our messages are about, and the number of the page. What
comes with the key of an incident that is open is noted there and wakes nobody, so an incident that
became worse, or whose acknowledgement no longer holds, is another page with a key of its own; the
page before is closed right after. News has no end that could resolve it: each is an incident of its
own, which a person closes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from functions.alerts.channels.letter import Letter
from functions.alerts.channels.post import Post
from functions.alerts.message import Event
from functions.alerts.rule import P1, P2, P3

ADDRESSES = {
    "us": "https://events.pagerduty.com/v2/enqueue",
    "eu": "https://events.eu.pagerduty.com/v2/enqueue",
}
ACTIONS: Mapping[Event, str] = {
    Event.TRIGGER: "trigger",
    Event.UPDATE: "trigger",
    Event.ACKNOWLEDGE: "acknowledge",
    Event.RESOLVE: "resolve",
    Event.NEWS: "trigger",
}
SEVERITIES = {P1: "critical", P2: "error", P3: "warning"}
LONGEST_SUMMARY = 1024
LONGEST_KEY = 255


PAGE = "page"
"""The fact that numbers the pages of a matter; none or 0 for the first."""

CLOSED_AT_ONCE = 2
"""Former pages that an end closes. The last is closed already, unless a message was lost."""


def posts(letter: Letter, routing_key: str, address: str) -> list[Post]:
    """What is sent, in this order: the message, then the ends of former pages of its matter. To
    close one that is closed, or was never opened, changes nothing there."""
    page = _page(letter)
    most = CLOSED_AT_ONCE if letter.message.event is Event.RESOLVE else 1
    former = range(page - 1, max(-1, page - 1 - most), -1)
    ends = [
        {"routing_key": routing_key, "event_action": "resolve", "dedup_key": _key(letter, number)}
        for number in former
    ]
    return [
        Post(address, {}, json.dumps(body, ensure_ascii=False).encode())
        for body in [_body(letter, routing_key, _key(letter, page)), *ends]
    ]


def _body(letter: Letter, routing_key: str, key: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": ACTIONS[letter.message.event],
        "dedup_key": key,
        "client": "Palier",
        "payload": {
            "summary": letter.title[:LONGEST_SUMMARY],
            "source": letter.origin,
            "severity": _severity(letter),
            "timestamp": letter.time,
            "component": str(letter.message.facts.get("service") or "palier"),
            "group": letter.origin,
            "class": str(letter.message.facts.get("rule") or letter.message.event.value),
            "custom_details": {"text": letter.text, **letter.message.facts},
        },
    }
    if letter.runbook:
        body["links"] = [{"href": letter.runbook, "text": letter.message.runbook}]
        body["client_url"] = letter.runbook
    return body


def _page(letter: Letter) -> int:
    found = letter.message.facts.get(PAGE)
    return found if isinstance(found, int) and letter.message.event is not Event.NEWS else 0


def _key(letter: Letter, page: int) -> str:
    news = letter.message.event is Event.NEWS
    part = letter.message.id if news else page
    key = f"{letter.matter}#{part}" if part else letter.matter
    if len(key) <= LONGEST_KEY:
        return key
    return f"palier-{hashlib.sha256(key.encode()).hexdigest()}"


def _severity(letter: Letter) -> str:
    return "info" if letter.message.test else SEVERITIES.get(letter.message.severity, "warning")
