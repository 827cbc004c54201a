"""How far a test of alerts has come: rule, incident, notification, resolution. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from functions.alerts.channels.channel import LOG_ID
from functions.alerts.message import Event
from functions.alerts.state import FIRING, RESOLVED
from functions.alerts.testing.synthetic import AlertTest

DELIVERED = "delivered"
DEAD = "dead"
LATE_SECONDS = 300
"""A test that isn't through so long after its end has failed."""


class Status(StrEnum):
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True)
class Happened:
    """A change of the test's alert."""

    at: float
    after: str


@dataclass(frozen=True)
class Opened:
    """The test's incident."""

    id: str
    opened_at: float
    resolved_at: float | None


@dataclass(frozen=True)
class Sent:
    """A message of the incident on its way to a channel."""

    event: str
    channel: str
    status: str
    attempts: int
    ended_at: float | None
    reason: str


@dataclass(frozen=True)
class Stage:
    """One step of the way: when it was done, None for not yet; `what` says more."""

    name: str
    at: float | None
    what: str = ""


@dataclass(frozen=True)
class Progress:
    """`only_log`: what was told went to the log alone, where nobody hears of it."""

    status: Status
    stages: tuple[Stage, ...]
    only_log: bool = False


def progress(
    test: AlertTest,
    changes: Sequence[Happened],
    incident: Opened | None,
    sent: Sequence[Sent],
    now: float,
) -> Progress:
    """From what was found of a test to its stages, in their order."""
    stages = (
        Stage("started", test.started_at, f"{test.rule} on {test.service} {test.version}"),
        Stage("alert fires", _when(changes, FIRING), _instead(changes)),
        Stage("incident opens", incident.opened_at if incident else None, _name(incident)),
        _told("people are told", sent, Event.TRIGGER),
        Stage("alert resolves", _when(changes, RESOLVED)),
        Stage("incident is resolved", incident.resolved_at if incident else None),
        _told("people are told that it is over", sent, Event.RESOLVE),
    )
    status = Status.RUNNING
    if any(each.status == DEAD for each in sent):
        status = Status.FAILED
    elif all(stage.at is not None for stage in stages):
        status = Status.PASSED
    elif now >= test.ends_at + LATE_SECONDS:
        status = Status.FAILED
    return Progress(status, stages, bool(sent) and all(each.channel == LOG_ID for each in sent))


def _when(changes: Sequence[Happened], status: str) -> float | None:
    return min((each.at for each in changes if each.after == status), default=None)


def _instead(changes: Sequence[Happened]) -> str:
    """Silenced, say: then nobody is to be told."""
    if not changes or _when(changes, FIRING) is not None:
        return ""
    return max(changes, key=lambda each: each.at).after


def _name(incident: Opened | None) -> str:
    return incident.id if incident else ""


def _told(name: str, sent: Sequence[Sent], event: Event) -> Stage:
    """Done when every channel that is to have the message has it."""
    mine = [each for each in sent if each.event == event.value]
    what = ", ".join(sorted(_way(each) for each in mine))
    if not mine or any(each.status != DELIVERED for each in mine):
        return Stage(name, None, what)
    return Stage(name, max(each.ended_at or 0.0 for each in mine), what)


def _way(sent: Sent) -> str:
    tries = f" after {sent.attempts} attempts" if sent.attempts > 1 else ""
    why = f": {sent.reason}" if sent.status != DELIVERED and sent.reason else ""
    return f"{sent.channel} {sent.status}{tries}{why}"
