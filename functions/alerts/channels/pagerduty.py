"""PagerDuty's Events API v2. Pure.

One incident there is one `dedup_key`, which is what our messages are about. News has no end that
could resolve it: each is an incident of its own, which a person closes.
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


def post(letter: Letter, routing_key: str, address: str) -> Post:
    body: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": ACTIONS[letter.message.event],
        "dedup_key": dedup_key(letter),
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
    return Post(address, {}, json.dumps(body, ensure_ascii=False).encode())


def dedup_key(letter: Letter) -> str:
    news = letter.message.event is Event.NEWS
    key = f"{letter.matter}#{letter.message.id}" if news else letter.matter
    if len(key) <= LONGEST_KEY:
        return key
    return f"palier-{hashlib.sha256(key.encode()).hexdigest()}"


def _severity(letter: Letter) -> str:
    return "info" if letter.message.test else SEVERITIES.get(letter.message.severity, "warning")
