"""Rollouts over the admin API.

GET  /v1/rollouts                      the latest, newest first
POST /v1/rollouts                      create one; nobody gets the candidate yet
GET  /v1/rollouts/{id}                 one, with its plan, its events and what it is waiting for
POST /v1/rollouts/{id}/…               what may be asked of one: command_routes.py
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import flask

from functions import web
from functions.administration import Administration
from functions.changes import pointer_path
from functions.description import described
from functions.errors import FailedPrecondition
from functions.identity import Permission
from functions.rollouts import commands, shown, store
from functions.rollouts.answers import RolloutCreated, Rollouts, WholeRollout
from functions.rollouts.bodies import CreateBody
from functions.rollouts.command_routes import ID, add_commands, asked, told
from functions.rollouts.commands import UNMEASURED, Creation, Releasable, anything
from functions.rollouts.fitting import left_out
from functions.rollouts.foresight import Circumstances
from functions.rollouts.present import present
from functions.rollouts.preview import in_both
from functions.rollouts.surroundings import Measured


def blueprint(
    administration: Callable[[], Administration],
    releasable: Releasable = anything,
    measured: Measured = UNMEASURED,
) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("rollouts", __name__)

    @routes.get("/v1/rollouts")
    @described("The latest rollouts, newest first", answers={200: Rollouts})
    def index() -> Any:
        admin = administration()
        found = store.listed(admin.store, admin.read())
        return web.answer({"rollouts": [shown.summary(rollout) for rollout in found]})

    @routes.get("/v1/rollouts/<identifier>")
    @described("One, with its plan and its events", answers={200: WholeRollout}, path=ID)
    def read(identifier: str) -> Any:
        admin = administration()
        return web.answer(_whole(admin, identifier))

    @routes.post("/v1/rollouts")
    @described(
        "Create one; nobody gets the candidate yet",
        body=CreateBody,
        answers={201: RolloutCreated},
        errors=(FailedPrecondition,),
    )
    def create() -> Any:
        admin, body = administration(), web.parse(CreateBody)
        creation = Creation(
            f"r-{uuid.uuid4().hex[:12]}",
            body.flag,
            body.candidate,
            body.wanted(),
            body.service,
            tuple((each.flag, each.candidate) for each in body.also),
            body.cause,
            body.if_running,
        )
        deciding = commands.create(creation, asked(admin, body), releasable, measured)
        outcome = admin.commit(Permission.ROLL_OUT, body, deciding)
        made = outcome.result
        left = left_out(creation.plan, made.plan, made.service)
        known = Circumstances(admin.clock.now(), left_out=left)
        return web.answer({**told(outcome), **in_both(made.plan, known)}, 201)

    add_commands(routes, administration, releasable)
    return routes


def _whole(admin: Administration, identifier: str) -> dict[str, Any]:
    scope = admin.read()
    rollout = store.find(admin.store, scope, identifier).rollout
    pointer, now = admin.store.get(pointer_path(scope)), admin.clock.now()
    return shown.whole(
        rollout,
        present(admin.store, scope, rollout, now).look,
        store.events(admin.store, scope, identifier),
        int(pointer.data["generation"]) if pointer else 0,
    )
