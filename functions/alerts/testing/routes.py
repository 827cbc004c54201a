"""Tests of alerts over the admin API.

GET  /v1/alerts/tests         those of the last day, the latest first
POST /v1/alerts/tests         begin one: a synthetic breach of a rule, on no version that exists
GET  /v1/alerts/tests/{id}    how far it has come: rule, incident, notification, resolution
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import flask

from functions import catalog, web
from functions.administration import Administration
from functions.alerts.testing import answers
from functions.alerts.testing.answers import NewTest, OneTest, TestBegun, TestList
from functions.alerts.testing.begin import TESTS, begin
from functions.alerts.testing.found import follow
from functions.alerts.testing.synthetic import tests_of
from functions.description import described
from functions.errors import FailedPrecondition
from functions.identity import Permission

ID = {"identifier": "^t[0-9a-f]{8}$"}


def blueprint(administration: Callable[[], Administration]) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("alert_tests", __name__)

    @routes.get("/v1/alerts/tests")
    @described(
        "Tests of alerts of the last day, the latest first",
        answers={200: TestList},
        errors=(FailedPrecondition,),
    )
    def index() -> Any:
        admin = administration()
        known, unreadable = tests_of(catalog.published(admin.store, admin.read(), TESTS))
        latest = sorted(known, key=lambda test: -test.started_at)
        views = [answers.view(test) for test in latest]
        return web.answer({"tests": views, "unreadable": list(unreadable)})

    @routes.post("/v1/alerts/tests")
    @described(
        "Begin a test: a synthetic breach of a rule, on no version that exists",
        body=NewTest,
        answers={201: TestBegun},
        errors=(FailedPrecondition,),
    )
    def start() -> Any:
        admin, body = administration(), web.parse(NewTest)
        decide = begin(f"t{uuid.uuid4().hex[:8]}", body.rule, body.service)
        outcome = admin.commit(Permission.RESPOND, body, decide)
        begun = {"generation": outcome.generation, "test": answers.view(outcome.result)}
        return web.answer(begun, 201)

    @routes.get("/v1/alerts/tests/<identifier>")
    @described(
        "How far it has come: rule, incident, notification, resolution",
        answers={200: OneTest},
        path=ID,
        errors=(FailedPrecondition,),
    )
    def read(identifier: str) -> Any:
        admin = administration()
        scope = admin.read()
        tests, _ = tests_of({identifier: catalog.one(admin.store, scope, TESTS, identifier)})
        if not tests:
            raise catalog.unreadable(TESTS, identifier)
        found = follow(admin.store, scope, tests[0], admin.clock.now())
        return web.answer({"test": answers.followed(tests[0], found)})

    return routes
