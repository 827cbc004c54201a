"""A message as one channel is to tell it: in its language, with its marks and its figures. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from functions.alerts.message import FRENCH, Event, Message

LABELS: Mapping[str, tuple[str, str]] = {
    "service": ("Service", "Service"),
    "version": ("Version", "Version"),
    "flag": ("Flag", "Drapeau"),
    "rule": ("Rule", "Règle"),
    "rollout": ("Rollout", "Déploiement"),
    "percentage": ("Share of users, %", "Part des utilisateurs, %"),
    "requests": ("Requests", "Requêtes"),
    "failures": ("Failures", "Échecs"),
    "incident": ("Incident", "Incident"),
    "level": ("Support level", "Niveau d'astreinte"),
}
"""The figures that people are shown beside the text; machines get all."""

TEST = ("TEST", "ESSAI")
MARKS = ("Test", "Essai")
"""How the titles of tests of alerts begin of themselves."""

WORDS: Mapping[Event, tuple[str, str]] = {
    Event.TRIGGER: ("Alert", "Alerte"),
    Event.UPDATE: ("Update", "Suivi"),
    Event.ACKNOWLEDGE: ("Acknowledged", "Pris en charge"),
    Event.RESOLVE: ("Resolved", "Résolu"),
    Event.NEWS: ("News", "Information"),
}
RUNBOOK = ("What to do", "Que faire")


@dataclass(frozen=True)
class Letter:
    """
    channel      the id of the channel
    origin       application and environment, `main/production`
    at           when the message was written (epoch seconds)
    repository   where the repository can be read, for links to its pages; "" for no links
    """

    message: Message
    channel: str
    language: str
    origin: str
    at: float
    repository: str = ""

    @property
    def title(self) -> str:
        """In one line; a test says so first."""
        title = " ".join(self.message.texts[self.language].title.split())
        marked = title.startswith(MARKS)
        return f"[{self.say(TEST)}] {title}" if self.message.test and not marked else title

    @property
    def text(self) -> str:
        return self.message.texts[self.language].text

    @property
    def word(self) -> str:
        return self.say(WORDS[self.message.event])

    @property
    def time(self) -> str:
        return datetime.datetime.fromtimestamp(self.at, datetime.UTC).isoformat(timespec="seconds")

    @property
    def runbook(self) -> str:
        """The address of the page that says what to do; "" where there is none to go to."""
        if not (self.repository and self.message.runbook):
            return ""
        return f"{self.repository.rstrip('/')}/{self.message.runbook}"

    @property
    def matter(self) -> str:
        """What receivers group by; the same for all messages of one matter of one environment."""
        return f"{self.origin}/{self.message.about}"

    def figures(self) -> Iterator[tuple[str, str]]:
        """Labels with their values, as people read them."""
        for key, label in LABELS.items():
            value = self.message.facts.get(key)
            if value not in (None, ""):
                yield self.say(label), _number(value, self.language)

    def footer(self) -> str:
        """Where this comes from, in a line."""
        moment = datetime.datetime.fromtimestamp(self.at, datetime.UTC)
        written = f"{moment:%Y-%m-%d %H:%M:%S} UTC"
        parts = [self.message.severity, self.word, self.message.level, self.origin, written]
        return " · ".join(part for part in parts if part)

    def say(self, words: tuple[str, str]) -> str:
        return words[1] if self.language == FRENCH else words[0]


def _number(value: str | int | float | None, language: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    text = f"{value:,.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"
    if language == FRENCH:
        return text.replace(",", "\u202f").replace(".", ",")
    return text
