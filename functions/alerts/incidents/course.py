"""How an incident moves: from what fires and what was done to the incident now, and to what people
are told. Pure.

A step that is taken again on what it came to changes nothing and tells nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from functions.alerts.incidents import escalation
from functions.alerts.incidents.incident import (
    SETTLED,
    Alert,
    Deed,
    Entry,
    Facts,
    Incident,
    Kind,
    Status,
    Subject,
)
from functions.alerts.incidents.seen import After, with_alerts, with_deeds
from functions.errors import FailedPrecondition

REOPENS_SECONDS = 600
"""What fires again so soon is the same incident."""


@dataclass(frozen=True, slots=True)
class News:
    """Something that people are told: the incident as it was then, and the entry that tells of it.

    `number` counts an incident's messages.
    """

    incident: Incident
    entry: Entry
    number: int


@dataclass(frozen=True, slots=True)
class Step:
    """An incident after a step, and what people are told of it."""

    incident: Incident
    news: tuple[News, ...] = ()


def identifier(subject: Subject, now: float) -> str:
    """A version has at most one incident that opens at a time."""
    return f"i-{hashlib.sha256(chr(0).join([*subject, repr(now)]).encode()).hexdigest()[:12]}"


def opened(
    subject: Subject,
    firing: Sequence[Alert],
    deeds: Sequence[Deed],
    now: float,
    former: Incident | None = None,
) -> Step:
    """A new incident. What fires on although the one before was declared over is none of it."""
    fires = {alert.occurrence for alert in firing}
    settled = tuple(each for each in former.settled if each in fires) if former else ()
    firing = [alert for alert in firing if alert.occurrence not in settled]
    incident = Incident(
        id=identifier(subject, now),
        subject=subject,
        severity=min(one.severity for one in firing),
        status=Status.OPEN,
        opened_at=now,
        climbing_since=now,
        settled=settled,
    )
    entry = Entry(now, Kind.OPENED, facts={"severity": incident.severity})
    known, _ = with_deeds(with_alerts(incident.noting(entry), firing, _gone, now), deeds)
    return _told(known, [entry])


def follow(
    before: Incident, firing: Sequence[Alert], after: After, deeds: Sequence[Deed], now: float
) -> Step:
    """An incident that is followed, after one look.

    `firing` are the alerts of its subject that fire now, `after` says how those ended that don't.
    """
    live = unsettled(before, firing)
    if before.over:
        return _reopened(before, live, deeds, now) if live else Step(_kept(before, firing, now))
    known, news = with_deeds(with_alerts(before, live, after, now), deeds)
    if not live:
        return _resolved(known, news, "", now)
    known, more = _worse(known, before, live, now)
    known, higher = _escalated(known, now)
    return _told(known, [*news, *more, *higher])


def succeeded(before: Incident, firing: Sequence[Alert], now: float) -> bool:
    """Whether what fires now is too late to be the same incident: it makes a new one."""
    late = before.over and now - before.resolved_at >= REOPENS_SECONDS
    return late and bool(unsettled(before, firing))


def left(before: Incident) -> Incident:
    """The one before a new incident of the same version: nobody follows it any more."""
    return replace(before, followed=False, settled=())


def unsettled(before: Incident, firing: Iterable[Alert]) -> list[Alert]:
    return [alert for alert in firing if alert.occurrence not in before.settled]


def acknowledge(before: Incident, by: str, now: float) -> Step:
    """Somebody sees to it. Raises FailedPrecondition; again by the same person changes nothing."""
    if before.over:
        raise FailedPrecondition(
            "The incident is resolved: there is nothing to see to.",
            remedy="Add a note if there is something to say.",
        )
    if before.status is Status.ACKNOWLEDGED and before.acknowledged_by == by:
        return Step(before)
    entry = Entry(now, Kind.ACKNOWLEDGED, by, {"level": escalation.name(before.level)})
    after = replace(
        before, status=Status.ACKNOWLEDGED, acknowledged_at=now, acknowledged_by=by
    ).noting(entry)
    return _told(after, [entry])


def resolve(before: Incident, by: str, now: float) -> Step:
    """Somebody declares it over. What fires all the same opens nothing until it has ended and fires
    anew. Of a resolved one it changes nothing.
    """
    if before.over:
        return Step(before)
    settled = (*before.settled, *(alert.occurrence for alert in before.firing))
    ended = with_alerts(replace(before, settled=settled), [], lambda _: SETTLED, now)
    return _resolved(ended, [], by, now)


def note(before: Incident, by: str, text: str, now: float) -> Step:
    """Something to remember, for the timeline alone."""
    return Step(before.noting(Entry(now, Kind.NOTE, by, {"text": text})))


def _reopened(before: Incident, live: Sequence[Alert], deeds: Sequence[Deed], now: float) -> Step:
    severity = min(one.severity for one in live)
    entry = Entry(now, Kind.REOPENED, facts={"severity": severity})
    again = replace(
        before,
        status=Status.OPEN,
        severity=severity,
        level=1,
        climbing_since=now,
        acknowledged_at=0.0,
        acknowledged_by="",
        resolved_at=0.0,
        resolved_by="",
    ).noting(entry)
    known, _ = with_deeds(with_alerts(again, live, _gone, now), deeds)
    return _told(known, [entry])


def _kept(before: Incident, firing: Sequence[Alert], now: float) -> Incident:
    """A resolved incident is followed while it could open again, or what is settled still fires."""
    fires = {alert.occurrence for alert in firing}
    settled = tuple(each for each in before.settled if each in fires)
    followed = bool(settled) or now - before.resolved_at < REOPENS_SECONDS
    return replace(before, settled=settled, followed=followed)


def _resolved(incident: Incident, news: Sequence[Entry], by: str, now: float) -> Step:
    entry = Entry(now, Kind.RESOLVED, by, {"seconds": round(now - incident.opened_at)})
    after = replace(incident, status=Status.RESOLVED, resolved_at=now, resolved_by=by)
    return _told(after.noting(entry), [*news, entry])


def _worse(
    incident: Incident, before: Incident, live: Sequence[Alert], now: float
) -> tuple[Incident, list[Entry]]:
    """A higher severity voids an acknowledgement: who gave it knew less. What the lower one held
    on its level climbs from there; it does not leap to where it would have been."""
    severity = min(one.severity for one in live)
    if severity >= before.severity:
        return incident, []
    facts: Facts = {"severity": severity, "before": before.severity}
    entry = Entry(now, Kind.WORSE, facts=facts)
    after = replace(incident, severity=severity, page=incident.page + 1)
    reached = [
        escalation.level_at(now - after.climbing_since, each)
        for each in (before.severity, severity)
    ]
    held = reached[0] < reached[1]
    if held or after.status is Status.ACKNOWLEDGED:
        after = _climbing(after, after.level, now)
    return after.noting(entry), [entry]


def _escalated(incident: Incident, now: float) -> tuple[Incident, list[Entry]]:
    """A test wakes nobody further up."""
    if incident.subject.test:
        return incident, []
    if incident.status is Status.ACKNOWLEDGED:
        if now - incident.acknowledged_at < escalation.ACKNOWLEDGED_SECONDS:
            return incident, []
        after = _climbing(incident, escalation.above(incident.level, incident.severity), now)
        after = replace(after, page=incident.page + 1)
    else:
        level = escalation.level_at(now - incident.climbing_since, incident.severity)
        if level <= incident.level:
            return incident, []
        after = replace(incident, level=level)
    facts: Facts = {
        "level": escalation.name(after.level),
        "acknowledged": incident.acknowledged_by if after.status is not incident.status else None,
    }
    entry = Entry(now, Kind.ESCALATED, facts=facts)
    return after.noting(entry), [entry]


def _climbing(incident: Incident, level: int, now: float) -> Incident:
    return replace(
        incident,
        status=Status.OPEN,
        level=level,
        climbing_since=escalation.climbing_since(level, now),
        acknowledged_at=0.0,
        acknowledged_by="",
    )


def _told(incident: Incident, entries: Sequence[Entry]) -> Step:
    after = replace(incident, messages=incident.messages + len(entries))
    first = incident.messages + 1
    return Step(
        after, tuple(News(after, entry, first + place) for place, entry in enumerate(entries))
    )


def _gone(_alert: Alert) -> str:
    return "ok"
