"""Slack's incoming webhooks: blocks, and the text that notifications show. Pure."""

from __future__ import annotations

import json
from typing import Any

from functions.alerts.channels.letter import RUNBOOK, Letter
from functions.alerts.channels.post import Post
from functions.alerts.message import Event
from functions.alerts.rule import P1, P2

LONGEST_HEADER = 150
LONGEST_TEXT = 3000
LONGEST_FIELD = 2000
NO_TEXT = "…"
MOST_FIELDS = 10
SIGNS = {P1: "🔴", P2: "🟠"}


def post(letter: Letter, url: str) -> Post:
    body = {"text": escaped(_headline(letter)), "blocks": blocks(letter)}
    return Post(url, {}, json.dumps(body, ensure_ascii=False).encode())


def blocks(letter: Letter) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(_cut(_headline(letter), LONGEST_HEADER))},
        {"type": "section", "text": _marked(_cut(escaped(letter.text) or NO_TEXT, LONGEST_TEXT))},
    ]
    fields = [
        _marked(_cut(f"*{escaped(label)}*\n{escaped(value)}", LONGEST_FIELD))
        for label, value in letter.figures()
    ]
    if fields:
        found.append({"type": "section", "fields": fields[:MOST_FIELDS]})
    if letter.runbook:
        button = {"type": "button", "text": _plain(letter.say(RUNBOOK)), "url": letter.runbook}
        found.append({"type": "actions", "elements": [button]})
    found.append({"type": "context", "elements": [_marked(escaped(letter.footer()))]})
    return found


def escaped(text: str) -> str:
    """Nothing in a text is a link or a mention: `<!channel>` would wake everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _headline(letter: Letter) -> str:
    sign = (
        "✅" if letter.message.event is Event.RESOLVE else SIGNS.get(letter.message.severity, "🔵")
    )
    return f"{sign} {letter.title}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": True}


def _marked(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}
