"""A letter to render."""

from __future__ import annotations

from typing import Any

from functions.alerts.channels.letter import Letter
from functions.alerts.message import ENGLISH, FRENCH, Event, Message, Text

REPOSITORY = "https://git.example/repo/blob/main/"
AT = 1_800_000_000.0


def letter(language: str = ENGLISH, **given: Any) -> Letter:
    fields: dict[str, Any] = {
        "id": "m-1",
        "event": Event.TRIGGER,
        "severity": "P1",
        "about": "incidents/i-1",
        "texts": {
            ENGLISH: Text("stories 1.3.0 fails", "12 % of requests failed."),
            FRENCH: Text("stories 1.3.0 échoue", "12 % des requêtes ont échoué."),
        },
        "facts": {"service": "stories", "version": "1.3.0", "requests": 12345, "value": 0.12},
        "runbook": "docs/runbooks/p1-error-rate.md",
        **given,
    }
    return Letter(Message(**fields), "pager", language, "main/production", AT, REPOSITORY)
