"""Incidents over the admin API. What people do about one is a change, with an audit entry.

GET  /v1/incidents                      the latest, newest first (?status=open)
GET  /v1/incidents/{id}                 one, with its alerts, its timeline and who is on call
POST /v1/incidents/{id}/acknowledge     you see to it: no escalation for an hour
POST /v1/incidents/{id}/resolve         it is over, whatever fires
POST /v1/incidents/{id}/note            something to remember, in the timeline
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from functions import catalog, web
from functions.administration import Administration, ChangeBody
from functions.alerts.incidents import answers, commands, escalation, store
from functions.alerts.incidents.answers import IncidentChanged, IncidentList, OneIncident
from functions.alerts.incidents.bodies import NewNote
from functions.alerts.incidents.catalog import PEOPLE
from functions.alerts.incidents.incident import Status
from functions.alerts.incidents.people import everybody, on_call
from functions.changes import Outcome
from functions.description import Description, Parameter, described, limit
from functions.errors import FailedPrecondition, InvalidArgument
from functions.identity import Permission

USUAL = 50
STATUSES = tuple(status.value for status in Status)
ID = {"identifier": f"^{store.IDENTIFIER.pattern}$"}


def blueprint(administration: Callable[[], Administration]) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("incidents", __name__)
    _add_reading(routes, administration)
    _add_changing(routes, administration)
    return routes


def _add_reading(routes: flask.Blueprint, administration: Callable[[], Administration]) -> None:
    @routes.get("/v1/incidents")
    @described(
        "The latest incidents, newest first",
        answers={200: IncidentList},
        query=(
            limit(USUAL, store.LISTED),
            Parameter("status", "Only these.", {"type": "string", "enum": list(STATUSES)}),
        ),
    )
    def index() -> Any:
        admin = administration()
        status = flask.request.args.get("status", "")
        if status and status not in STATUSES:
            raise InvalidArgument(f"`status` is one of {', '.join(STATUSES)}.")
        most = web.list_limit(USUAL, store.LISTED)
        found = store.listed(admin.store, admin.read(), status, most)
        return web.answer({"incidents": [answers.summary(each) for each in found]})

    @routes.get("/v1/incidents/<identifier>")
    @described(
        "One, with its alerts, its timeline, and who is on call for it",
        answers={200: OneIncident},
        path=ID,
        errors=(FailedPrecondition,),
    )
    def read(identifier: str) -> Any:
        admin = administration()
        scope = admin.read()
        incident = store.find(admin.store, scope, identifier).incident
        people = everybody(catalog.published(admin.store, scope, PEOPLE))
        now = admin.clock.now()
        there = on_call(people, escalation.name(incident.level), now)
        return web.answer({"incident": answers.whole(incident, there, now)})


def _add_changing(routes: flask.Blueprint, administration: Callable[[], Administration]) -> None:
    @routes.post("/v1/incidents/<identifier>/acknowledge")
    @_responding("You see to it: no escalation for an hour")
    def acknowledge(identifier: str) -> Any:
        body = web.parse(ChangeBody)
        decide = commands.acknowledge(identifier)
        return _told(administration().commit(Permission.RESPOND, body, decide))

    @routes.post("/v1/incidents/<identifier>/resolve")
    @_responding("It is over, whatever fires")
    def resolve(identifier: str) -> Any:
        body = web.parse(ChangeBody)
        decide = commands.resolve(identifier)
        return _told(administration().commit(Permission.RESPOND, body, decide))

    @routes.post("/v1/incidents/<identifier>/note")
    @_responding("Something to remember, in the timeline", NewNote)
    def note(identifier: str) -> Any:
        body = web.parse(NewNote)
        decide = commands.note(identifier, body.text)
        return _told(administration().commit(Permission.RESPOND, body, decide))


def _responding(summary: str, body: type[ChangeBody] = ChangeBody) -> Description:
    return described(
        summary,
        body=body,
        answers={200: IncidentChanged},
        path=ID,
        errors=(FailedPrecondition,),
    )


def _told(outcome: Outcome) -> Any:
    view = answers.summary(outcome.result)
    return web.answer({"generation": outcome.generation, "incident": view})
