"""An incident: what fires of one version of a service, and what was done about it. Pure.

                ┌────────── an alert again within 10 minutes ─────────┐
                ▼                                                     │
    fires ──▶ open ──acknowledge──▶ acknowledged ──nothing fires──▶ resolved ──▶ not followed
              │  ▲                     │                              ▲
              │  └── worse, or an hour ┘                              │
              └─────────── nothing fires, or somebody says so ────────┘

How it moves stands in `course.py`, when it climbs a level in `escalation.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, NamedTuple

Facts = Mapping[str, str | int | float | None]

FIRST_KEPT = 20
LAST_KEPT = 180
"""Entries of a timeline that are kept from its beginning and from its end."""

DEEDS_KNOWN = 200
TEST = "+test"
"""What the version of a test of alerts ends with."""

SETTLED = "settled"
"""How an alert ended that somebody declared over though it fires."""


class Status(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Kind(StrEnum):
    """What an entry of a timeline tells."""

    OPENED = "opened"
    FIRED = "fired"
    ENDED = "ended"
    WORSE = "worse"
    DEED = "deed"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    NOTE = "note"
    RESOLVED = "resolved"
    REOPENED = "reopened"


class Subject(NamedTuple):
    """Whose incident. What is counted beside a version (`1.3.0+claimed`) belongs to the version."""

    service: str
    version: str

    @staticmethod
    def of(service: str, arm: str) -> Subject:
        return Subject(service, arm if arm.endswith(TEST) else arm.partition("+")[0] or arm)

    @property
    def test(self) -> bool:
        return self.version.endswith(TEST)


class Occurrence(NamedTuple):
    """One time that an alert fires: the rule, the arm, and since when."""

    rule: str
    arm: str
    since: float


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as an incident knows it: with the figures that made it fire.

    arm      the version that it was measured on, with what follows its `+`
    since    when it began to fire (epoch seconds)
    name     of what is measured, by language; shown: the value with its unit; limit: the threshold
    ended    its status after firing: `resolved`, `no_data`, …, or SETTLED; "" while it fires
    """

    rule: str
    arm: str
    severity: str
    since: float
    metric: str = ""
    comparison: str = ">"
    threshold: float = 0.0
    window_seconds: int = 0
    value: float | None = None
    requests: int = 0
    failures: int = 0
    name: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)
    limit: Mapping[str, str] = field(default_factory=dict)
    runbook: str = ""
    ended: str = ""
    ended_at: float = 0.0

    @property
    def occurrence(self) -> Occurrence:
        return Occurrence(self.rule, self.arm, self.since)

    @property
    def fires(self) -> bool:
        return not self.ended


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done with a rollout of the version. The same deed has the same id.

    by        `machine:tick`, or who did it
    sentence  why
    french    the same in French; "" where it is somebody's own text
    """

    id: str
    at: float
    kind: str
    rollout: str
    flag: str
    percentage: float
    by: str
    sentence: str
    french: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline. `by` is "" for Palier itself."""

    at: float
    kind: Kind
    by: str = ""
    facts: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Incident:
    """
    severity         the worst of its alerts since it opened, or opened again
    level            how far it has been escalated, 1 to 4
    climbing_since   when the ladder's time began (epoch seconds)
    opened_at        resolved_at, acknowledged_at: 0.0 for not (yet)
    alerts           the last occurrence of each, by rule and arm
    settled          occurrences that somebody declared over though they fire
    deeds            ids of those in the timeline
    messages         how many were made: the number of the last one
    page             rises when people must be woken anew: it became worse, or an acknowledgement
                     no longer holds
    omitted          entries that the timeline no longer holds
    followed         whether the controller looks at it
    """

    id: str
    subject: Subject
    severity: str
    status: Status
    opened_at: float
    climbing_since: float
    level: int = 1
    acknowledged_at: float = 0.0
    acknowledged_by: str = ""
    resolved_at: float = 0.0
    resolved_by: str = ""
    alerts: tuple[Alert, ...] = ()
    settled: tuple[Occurrence, ...] = ()
    deeds: tuple[str, ...] = ()
    timeline: tuple[Entry, ...] = ()
    omitted: int = 0
    messages: int = 0
    page: int = 0
    followed: bool = True

    @property
    def firing(self) -> tuple[Alert, ...]:
        """Most severe first, the oldest of these first."""
        alerts = (alert for alert in self.alerts if alert.fires)
        return tuple(sorted(alerts, key=lambda one: (one.severity, one.since, one.rule, one.arm)))

    @property
    def worst(self) -> Alert:
        """The alert to name: of those that fire, else of all."""
        known = self.firing or tuple(
            sorted(self.alerts, key=lambda one: (one.severity, one.since, one.rule, one.arm))
        )
        return known[0]

    @property
    def over(self) -> bool:
        return self.status is Status.RESOLVED

    def noting(self, *entries: Entry) -> Incident:
        """With these entries at the end of its timeline, which keeps its beginning and its end."""
        timeline = (*self.timeline, *entries)
        surplus = max(0, len(timeline) - FIRST_KEPT - LAST_KEPT)
        if surplus:
            timeline = (*timeline[:FIRST_KEPT], *timeline[FIRST_KEPT + surplus :])
        return replace(self, timeline=timeline, omitted=self.omitted + surplus)

    def to_data(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> Incident:
        """What a later bundle says beside it is ignored. Raises LookupError, TypeError or
        ValueError when it is none."""
        return Incident(
            **{
                **_known(Incident, data),
                "subject": Subject(*data["subject"]),
                "status": Status(data["status"]),
                "alerts": tuple(Alert(**_known(Alert, each)) for each in data["alerts"]),
                "settled": tuple(Occurrence(*each) for each in data["settled"]),
                "deeds": tuple(data["deeds"]),
                "timeline": tuple(
                    Entry(each["at"], Kind(each["kind"]), each["by"], each["facts"])
                    for each in data["timeline"]
                ),
            }
        )


def _known(kind: type[Incident | Alert], data: Mapping[str, Any]) -> dict[str, Any]:
    names = {item.name for item in fields(kind)}
    return {name: value for name, value in data.items() if name in names}
