"""A silence: until when nobody is told of which alerts. Pure.

It changes nothing but who is told: a rollout whose candidate suffers is paused or taken back all
the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.alerts.incidents.incident import Subject
from functions.alerts.measures import Key
from functions.readable import Definitions, number, readable, texts

LONGEST_SECONDS = 30 * 86_400


@dataclass(frozen=True)
class Silence:
    """Which alerts: those of a rule, a service, a version, a severity; "" for every one.
    That of a version is of all that is counted beside it as well (`1.3.0+claimed`).

    until   epoch seconds, at most LONGEST_SECONDS ahead when it is made
    """

    id: str
    until: float
    rule: str = ""
    service: str = ""
    version: str = ""
    severity: str = ""

    def holds(self, key: Key, severity: str, now: float) -> bool:
        whole = Subject.of(key.service, key.version).version
        return (
            now < self.until
            and self.version in ("", key.version, whole)
            and all(
                wanted in ("", found)
                for wanted, found in (
                    (self.rule, key.rule),
                    (self.service, key.service),
                    (self.severity, severity),
                )
            )
        )


def silenced(silences: Iterable[Silence], key: Key, severity: str, now: float) -> bool:
    return any(silence.holds(key, severity, now) for silence in silences)


def silences_of(definitions: Definitions) -> tuple[tuple[Silence, ...], tuple[str, ...]]:
    """What is published, and the ids of those that can't be read."""
    found, unreadable = readable(definitions, _read)
    return tuple(found.values()), unreadable


def _read(name: str, definition: Mapping[str, Any]) -> Silence:
    named = {key: definition.get(key, "") for key in ("rule", "service", "version", "severity")}
    texts(named.values())
    return Silence(name, number(definition["until"]), **named)
