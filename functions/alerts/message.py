"""Something that people are to be told: in both languages, to nobody in particular. Pure.

Who hears of it, over which channel and in which language, is decided when it is delivered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

ENGLISH = "en"
FRENCH = "fr"
LANGUAGES = (ENGLISH, FRENCH)

Facts = Mapping[str, str | int | float | None]


class Event(StrEnum):
    """What a message is in the life of what it is about."""

    TRIGGER = "trigger"
    UPDATE = "update"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    NEWS = "news"


@dataclass(frozen=True)
class Text:
    """A message in one language."""

    title: str
    text: str


@dataclass(frozen=True)
class Message:
    """
    id        deterministic: the same event never makes two messages
    about     what messages of one matter have in common: receivers group by it
    texts     by language, each of LANGUAGES
    facts     the figures, for machines
    runbook   the page that says what to do, in the repository; "" for none
    level     the level of escalation that it is for, "L1" to "L4"; "" for whoever is told anyway
    test      whether it comes of a test of alerts
    """

    id: str
    event: Event
    severity: str
    about: str
    texts: Mapping[str, Text]
    facts: Facts = field(default_factory=dict)
    runbook: str = ""
    level: str = ""
    test: bool = False
