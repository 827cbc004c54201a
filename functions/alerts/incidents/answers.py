"""What the routes of incidents and people answer."""

from __future__ import annotations

from typing import Any, Literal

from functions.administration import Answer, ChangeAnswer
from functions.alerts.incidents import escalation
from functions.alerts.incidents.incident import Alert, Entry, Incident, Kind, Status
from functions.alerts.incidents.people import Person

Level = Literal["L1", "L2", "L3", "L4"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Language = Literal["en", "fr"]


class IncidentSummary(Answer):
    """`next_level_at` is when it is escalated if nobody acknowledges it; null for never."""

    id: str
    service: str
    version: str
    severity: str
    status: Status
    level: Level
    next_level_at: float | None
    test: bool
    opened_at: float
    acknowledged_at: float | None
    acknowledged_by: str
    resolved_at: float | None
    resolved_by: str
    firing: list[str]


class IncidentAlert(Answer):
    """`ended` is its status after firing, "" while it fires, `settled` when somebody declared it
    over; `version` may have a `+` part."""

    rule: str
    version: str
    severity: str
    since: float
    metric: str
    value: float | None
    threshold: float
    window_seconds: int
    requests: int
    failures: int
    runbook: str
    ended: str
    ended_at: float | None


class TimelineEntry(Answer):
    """`by` is "" for Palier itself; what `facts` hold depends on the kind."""

    at: float
    kind: Kind
    by: str
    facts: dict[str, str | int | float | None]


class WeeklyHours(Answer):
    days: list[Day]
    start: str
    end: str


class PersonAnswer(Answer):
    id: str
    name: str
    levels: list[Level]
    email: str
    phone: str
    languages: list[Language]
    hours: list[WeeklyHours]
    time_zone: str
    uid: str
    on_call: bool


class WholeIncident(IncidentSummary):
    """`omitted` entries of the middle of the timeline are no longer kept."""

    alerts: list[IncidentAlert]
    timeline: list[TimelineEntry]
    omitted: int
    on_call: list[PersonAnswer]


class IncidentList(Answer):
    incidents: list[IncidentSummary]


class OneIncident(Answer):
    incident: WholeIncident


class IncidentChanged(ChangeAnswer):
    incident: IncidentSummary


class OnCall(Answer):
    """Who is on call now for each level."""

    L1: list[PersonAnswer]
    L2: list[PersonAnswer]
    L3: list[PersonAnswer]
    L4: list[PersonAnswer]


class PeopleList(Answer):
    people: list[PersonAnswer]
    on_call: OnCall


class OnePerson(Answer):
    person: PersonAnswer


class PersonChanged(ChangeAnswer):
    person: PersonAnswer


def summary(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "service": incident.subject.service,
        "version": incident.subject.version,
        "severity": incident.severity,
        "status": incident.status.value,
        "level": escalation.name(incident.level),
        "next_level_at": _next_level_at(incident),
        "test": incident.subject.test,
        "opened_at": incident.opened_at,
        "acknowledged_at": incident.acknowledged_at or None,
        "acknowledged_by": incident.acknowledged_by,
        "resolved_at": incident.resolved_at or None,
        "resolved_by": incident.resolved_by,
        "firing": sorted({alert.rule for alert in incident.firing}),
    }


def whole(incident: Incident, on_call: list[Person], now: float) -> dict[str, Any]:
    return {
        **summary(incident),
        "alerts": [_alert(alert) for alert in incident.alerts],
        "timeline": [_entry(entry) for entry in incident.timeline],
        "omitted": incident.omitted,
        "on_call": [person_view(each, now) for each in on_call],
    }


def person_view(person: Person, now: float) -> dict[str, Any]:
    return {"id": person.id, **person.to_definition(), "on_call": person.on_call(now)}


def _next_level_at(incident: Incident) -> float | None:
    if incident.over or incident.subject.test:
        return None
    if incident.status is Status.ACKNOWLEDGED:
        return incident.acknowledged_at + escalation.ACKNOWLEDGED_SECONDS
    return escalation.next_at(incident.level, incident.severity, incident.climbing_since)


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "rule": alert.rule,
        "version": alert.arm,
        "severity": alert.severity,
        "since": alert.since,
        "metric": alert.metric,
        "value": alert.value,
        "threshold": alert.threshold,
        "window_seconds": alert.window_seconds,
        "requests": alert.requests,
        "failures": alert.failures,
        "runbook": alert.runbook,
        "ended": alert.ended,
        "ended_at": alert.ended_at or None,
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "kind": entry.kind.value,
        "by": entry.by,
        "facts": dict(entry.facts),
    }
