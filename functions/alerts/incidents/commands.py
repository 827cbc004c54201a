"""What people do about an incident, as decisions of a change: its new state, the message that tells
of it, and the audit entry in one commit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from functions.alerts import outbox
from functions.alerts.incidents import course, store
from functions.alerts.incidents.catalog import PEOPLE
from functions.alerts.incidents.course import Step
from functions.alerts.incidents.incident import Incident
from functions.alerts.incidents.people import NOBODY, names
from functions.alerts.incidents.told import message
from functions.changes import Decision, Entry, View

Deciding = Callable[[View], Decision]


def acknowledge(identifier: str) -> Deciding:
    """The actor sees to it: it is not escalated for an hour. Raises FailedPrecondition."""
    return _moving(
        identifier,
        "acknowledge",
        lambda view, it: course.acknowledge(it, str(view.actor), view.now),
    )


def resolve(identifier: str) -> Deciding:
    """The actor declares it over, whatever fires."""
    return _moving(
        identifier, "resolve", lambda view, it: course.resolve(it, str(view.actor), view.now)
    )


def note(identifier: str, text: str) -> Deciding:
    """Something to remember. Its text stands in the timeline, not in the audit trail."""
    return _moving(
        identifier, "note", lambda view, it: course.note(it, str(view.actor), text, view.now)
    )


def _moving(identifier: str, what: str, move: Callable[[View, Incident], Step]) -> Deciding:
    def deciding(view: View) -> Decision:
        stored = store.find(view, view.scope, identifier)
        step = move(view, stored.incident)
        if step.incident == stored.incident:
            return Decision(result=step.incident)
        called = names(view.part_as_found(PEOPLE.collection)) if step.news else NOBODY
        told = [outbox.enqueue(view.scope, message(news, called), view.now) for news in step.news]
        return Decision(
            writes=[store.updated(stored.document, step.incident), *told],
            entries=[
                Entry(
                    f"incident.{what}",
                    f"incidents/{identifier}",
                    before=_audited(stored.incident),
                    after=_audited(step.incident),
                )
            ],
            result=step.incident,
        )

    return deciding


def _audited(incident: Incident) -> dict[str, Any]:
    return {"status": incident.status.value, "severity": incident.severity, "level": incident.level}
