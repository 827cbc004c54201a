"""Rollouts over the admin API.

GET  /v1/rollout-plans                 the templates, and in plain words what they do
GET  /v1/rollouts                      the latest, newest first
POST /v1/rollouts                      create one; nobody gets the candidate yet
GET  /v1/rollouts/{id}                 one, with its plan, its events and what it is waiting for
POST /v1/rollouts/{id}/start           the controller begins within its next minute
POST /v1/rollouts/{id}/pause           keeps the split, no longer advances, stays guarded
POST /v1/rollouts/{id}/resume
POST /v1/rollouts/{id}/promote         one step on by hand
POST /v1/rollouts/{id}/rollback        back to 100 % control, from any phase that hasn't ended
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import flask

from functions import web
from functions.administration import Administration, ChangeBody
from functions.changes import Outcome, pointer_path
from functions.description import Description, described
from functions.errors import FailedPrecondition
from functions.identity import Permission
from functions.metrics.store import load_recent
from functions.rollouts import commands, shown, store
from functions.rollouts.advance import look_at
from functions.rollouts.answers import (
    Plans,
    RolloutChanged,
    RolloutCreated,
    Rollouts,
    WholeRollout,
)
from functions.rollouts.bodies import CommandBody, CreateBody, StartBody
from functions.rollouts.commands import (
    UNMEASURED,
    Asked,
    Creation,
    Measured,
    Releasable,
    anything,
)
from functions.rollouts.firing import firing
from functions.rollouts.preview import preview
from functions.rollouts.templates import TEMPLATES

ID = {"identifier": f"^{store.IDENTIFIER.pattern}$"}


def blueprint(
    administration: Callable[[], Administration],
    releasable: Releasable = anything,
    measured: Measured = UNMEASURED,
) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("rollouts", __name__)

    @routes.get("/v1/rollout-plans")
    @described("The templates of plans", answers={200: Plans}, scoped=False)
    def plans() -> Any:
        administration().actor()
        described = [
            {**plan.to_view(), "preview": list(preview(plan))} for plan in TEMPLATES.values()
        ]
        return web.answer({"plans": described})

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
            f"r-{uuid.uuid4().hex[:12]}", body.flag, body.candidate, body.wanted(), body.service
        )
        deciding = commands.create(creation, _asked(admin, body), releasable, measured)
        outcome = admin.commit(Permission.ROLL_OUT, body, deciding)
        described = {**_told(outcome), "preview": list(preview(creation.plan))}
        return web.answer(described, 201)

    @routes.post("/v1/rollouts/<identifier>/start")
    @_commanding("The controller begins within its next minute", StartBody)
    def start(identifier: str) -> Any:
        admin, body = administration(), web.parse(StartBody)
        deciding = commands.start(
            identifier,
            _asked(admin, body),
            override_quarantine=body.override_quarantine,
            releasable=releasable,
        )
        return web.answer(_told(admin.commit(Permission.ROLL_OUT, body, deciding)))

    @routes.post("/v1/rollouts/<identifier>/pause")
    @_commanding("Keep the split, advance no longer, stay guarded")
    def pause(identifier: str) -> Any:
        admin, body = administration(), web.parse(CommandBody)
        deciding = commands.pause(identifier, _asked(admin, body))
        return web.answer(_told(admin.commit(Permission.ROLL_OUT, body, deciding)))

    @routes.post("/v1/rollouts/<identifier>/resume")
    @_commanding("Go on where it stopped")
    def resume(identifier: str) -> Any:
        admin, body = administration(), web.parse(CommandBody)
        deciding = commands.resume(identifier, _asked(admin, body))
        return web.answer(_told(admin.commit(Permission.ROLL_OUT, body, deciding)))

    @routes.post("/v1/rollouts/<identifier>/promote")
    @_commanding("One step on by hand")
    def promote(identifier: str) -> Any:
        admin, body = administration(), web.parse(CommandBody)
        windows = load_recent(admin.store, admin.read(), admin.clock.now())
        deciding = commands.promote(identifier, _asked(admin, body), windows)
        return web.answer(_told(admin.commit(Permission.ROLL_OUT, body, deciding)))

    @routes.post("/v1/rollouts/<identifier>/rollback")
    @_commanding("Back to 100 % control")
    def rollback(identifier: str) -> Any:
        admin, body = administration(), web.parse(CommandBody)
        deciding = commands.rollback(identifier, _asked(admin, body), releasable)
        unconditional = body.model_copy(update={"expected_generation": None})
        return web.answer(_told(admin.commit(Permission.ROLL_BACK, unconditional, deciding)))

    return routes


def _commanding(summary: str, body: type[ChangeBody] = CommandBody) -> Description:
    return described(
        summary,
        body=body,
        answers={200: RolloutChanged},
        path=ID,
        errors=(FailedPrecondition,),
    )


def _asked(admin: Administration, body: ChangeBody) -> Asked:
    actor = admin.actor()
    stage = body.expected_stage if isinstance(body, CommandBody) else None
    return Asked(str(actor), body.reason, stage)


def _told(outcome: Outcome) -> dict[str, Any]:
    return {"generation": outcome.generation, "rollout": shown.summary(outcome.result)}


def _whole(admin: Administration, identifier: str) -> dict[str, Any]:
    scope = admin.read()
    rollout = store.find(admin.store, scope, identifier).rollout
    pointer, now = admin.store.get(pointer_path(scope)), admin.clock.now()
    return shown.whole(
        rollout,
        look_at(admin.store, scope, rollout, now, firing(admin.store, scope)),
        store.events(admin.store, scope, identifier),
        int(pointer.data["generation"]) if pointer else 0,
    )
