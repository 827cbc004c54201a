"""Who responds to incidents, over the admin API. Every change goes through `commit_change`.

GET    /v1/people         everybody, and who is on call now for each level
GET    /v1/people/{id}    one
PUT    /v1/people/{id}    defines one, or defines one anew
DELETE /v1/people/{id}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from functions import catalog, web
from functions.administration import Administration, ChangeBody, Removed, removed
from functions.alerts.incidents.answers import (
    OnePerson,
    PeopleList,
    PersonChanged,
    person_view,
)
from functions.alerts.incidents.bodies import PutPerson
from functions.alerts.incidents.catalog import PEOPLE
from functions.alerts.incidents.escalation import LEVELS
from functions.alerts.incidents.people import Person, everybody, on_call
from functions.description import described
from functions.errors import FailedPrecondition
from functions.identity import Permission


def blueprint(administration: Callable[[], Administration]) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("people", __name__)
    _add_reading(routes, administration)
    _add_changing(routes, administration)
    return routes


def _add_reading(routes: flask.Blueprint, administration: Callable[[], Administration]) -> None:
    @routes.get("/v1/people")
    @described(
        "Everybody, and who is on call now for each level",
        answers={200: PeopleList},
        errors=(FailedPrecondition,),
    )
    def index() -> Any:
        admin = administration()
        people = everybody(catalog.published(admin.store, admin.read(), PEOPLE))
        now = admin.clock.now()
        there = {
            level: [person_view(each, now) for each in on_call(people, level, now)]
            for level in LEVELS
        }
        views = [person_view(each, now) for each in people]
        return web.answer({"people": views, "on_call": there})

    @routes.get("/v1/people/<identifier>")
    @described("One", answers={200: OnePerson}, path=catalog.BY_ID, errors=(FailedPrecondition,))
    def read(identifier: str) -> Any:
        admin = administration()
        definition = catalog.one(admin.store, admin.read(), PEOPLE, identifier)
        person = Person.from_definition(identifier, definition)
        return web.answer({"person": person_view(person, admin.clock.now())})


def _add_changing(routes: flask.Blueprint, administration: Callable[[], Administration]) -> None:
    @routes.put("/v1/people/<identifier>")
    @described(
        "Define one, or define one anew",
        body=PutPerson,
        answers={200: PersonChanged},
        path=catalog.BY_ID,
        errors=(FailedPrecondition,),
    )
    def put(identifier: str) -> Any:
        admin, body = administration(), web.parse(PutPerson)
        person = body.person(identifier)
        decide = catalog.put(PEOPLE, identifier, person.to_definition())
        outcome = admin.commit(Permission.EDIT_ALERTS, body, decide)
        view = person_view(person, admin.clock.now())
        return web.answer({"generation": outcome.generation, "person": view})

    @routes.delete("/v1/people/<identifier>")
    @described(
        "Remove one",
        body=ChangeBody,
        answers={200: Removed},
        path=catalog.BY_ID,
        errors=(FailedPrecondition,),
    )
    def remove(identifier: str) -> Any:
        return removed(administration(), identifier, catalog.remove(PEOPLE, identifier))
