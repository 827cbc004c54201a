"""What both languages say of an incident: its figures, times, and what was done. Pure."""

from __future__ import annotations

import datetime

from functions.alerts.incidents.incident import Alert, Entry, Incident, Kind
from functions.alerts.incidents.seen import TOLD_DEEDS
from functions.alerts.message import ENGLISH, FRENCH

ACTORS = ("person:", "operator:")
"""What the ids of people begin with."""

SOMEBODY = {ENGLISH: "somebody", FRENCH: "quelqu'un"}

MORE = 5
"""Rules that a message names beside the worst."""


def name(alert: Alert, language: str) -> str:
    """What was measured; the rule's id where nothing is known of it."""
    return alert.name.get(language, alert.rule)


def value(alert: Alert, language: str) -> str:
    return alert.shown.get(language, "?")


def limit(alert: Alert, language: str) -> str:
    return alert.limit.get(language, "?")


def time(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def minutes(entry: Entry) -> int:
    """How long it lasted, of the entry that ends it."""
    return max(1, round(float(entry.facts["seconds"] or 0) / 60))


def others(incident: Incident) -> tuple[str, int]:
    """The rules that fire beside the worst, and how many more there are."""
    names = sorted({one.rule for one in incident.firing} - {incident.worst.rule})
    return ", ".join(names[:MORE]), max(0, len(names) - MORE)


def fires(incident: Incident) -> str:
    """The rules that fire; "" for none, or when a deed and the end came in one look."""
    return ", ".join(sorted({one.rule for one in incident.firing})[:MORE])


def last_deed(incident: Incident) -> Entry | None:
    """The last thing that changed what users get, or kept it from changing."""
    found = [
        entry
        for entry in incident.timeline
        if entry.kind is Kind.DEED and entry.facts["kind"] in TOLD_DEEDS
    ]
    return found[-1] if found else None


def who(entry: Entry, language: str) -> str:
    return called(entry.by, language)


def called(by: str, language: str) -> str:
    """By name; an id means nothing to who reads a message."""
    if by.startswith("machine:"):
        return "Palier"
    return SOMEBODY[language] if by.startswith(ACTORS) else by


def sentence(text: str) -> str:
    """With a capital where it begins with a word of ours: a name stays as it is written."""
    return text[:1].upper() + text[1:] if text.startswith(tuple(SOMEBODY.values())) else text
