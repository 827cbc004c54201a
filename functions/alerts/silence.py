"""A silence: until when nobody is told of which alerts. Pure.

It changes nothing but who is told: a rollout whose candidate suffers is paused or taken back all
the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.alerts.measures import Key

LONGEST_SECONDS = 30 * 86_400


@dataclass(frozen=True)
class Silence:
    """Which alerts: those of a rule, a service, a version, a severity; "" for every one.

    until   epoch seconds, at most LONGEST_SECONDS ahead when it is made
    """

    id: str
    until: float
    rule: str = ""
    service: str = ""
    version: str = ""
    severity: str = ""

    def holds(self, key: Key, severity: str, now: float) -> bool:
        return now < self.until and all(
            wanted in ("", found)
            for wanted, found in (
                (self.rule, key.rule),
                (self.service, key.service),
                (self.version, key.version),
                (self.severity, severity),
            )
        )


def silenced(silences: Iterable[Silence], key: Key, severity: str, now: float) -> bool:
    return any(silence.holds(key, severity, now) for silence in silences)


def silences_of(definitions: Mapping[str, Mapping[str, Any]]) -> tuple[Silence, ...]:
    """What is published."""
    return tuple(
        Silence(
            name,
            each["until"],
            each.get("rule", ""),
            each.get("service", ""),
            each.get("version", ""),
            each.get("severity", ""),
        )
        for name, each in sorted(definitions.items())
    )
