"""What people are told of an incident: the message of a step, in both languages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from functions.alerts.incidents import english, escalation, figures, french
from functions.alerts.incidents.course import News
from functions.alerts.incidents.incident import Entry, Kind
from functions.alerts.incidents.people import NOBODY, Names
from functions.alerts.message import ENGLISH, FRENCH, Event, Facts, Message, Text

EVENTS: Mapping[Kind, Event] = {
    Kind.OPENED: Event.TRIGGER,
    Kind.REOPENED: Event.TRIGGER,
    Kind.WORSE: Event.UPDATE,
    Kind.DEED: Event.UPDATE,
    Kind.ESCALATED: Event.UPDATE,
    Kind.ACKNOWLEDGED: Event.ACKNOWLEDGE,
    Kind.RESOLVED: Event.RESOLVE,
}


def message(news: News, names: Names = NOBODY) -> Message:
    """The message of a step. `level` is how far the incident has been escalated; `names` are those
    of people, by their actors' ids."""
    entry = _named(news.entry, names)
    incident = replace(
        news.incident, timeline=tuple(_named(each, names) for each in news.incident.timeline)
    )
    service, version = incident.subject
    head = f"{incident.severity} {service} {version}"
    return Message(
        id=f"{incident.id}-{news.number:04d}",
        event=EVENTS[entry.kind],
        severity=incident.severity,
        about=f"incidents/{incident.id}",
        texts={
            ENGLISH: Text(
                f"{head}: {english.title(incident, entry)}",
                _joined(english.sentences(incident, entry)),
            ),
            FRENCH: Text(
                f"{head} : {french.title(incident, entry)}",
                _joined(french.sentences(incident, entry)),
            ),
        },
        facts=_facts(news),
        runbook=incident.worst.runbook,
        level=escalation.name(incident.level),
        test=incident.subject.test,
    )


def of_people(news: News) -> bool:
    """Whether it may tell of somebody."""
    return any(each.by.startswith(figures.ACTORS) for each in (news.entry, *news.incident.timeline))


def _named(entry: Entry, names: Names) -> Entry:
    return replace(entry, by=names[entry.by]) if entry.by in names else entry


def _facts(news: News) -> Facts:
    incident, worst = news.incident, news.incident.worst
    return {
        "incident": incident.id,
        "news": news.entry.kind.value,
        "status": incident.status.value,
        "service": incident.subject.service,
        "version": incident.subject.version,
        "level": escalation.name(incident.level),
        "page": incident.page,
        "opened_at": incident.opened_at,
        "rule": worst.rule,
        "value": worst.value,
        "threshold": worst.threshold,
        "requests": worst.requests,
        "failures": worst.failures,
    }


def _joined(sentences: list[str]) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
