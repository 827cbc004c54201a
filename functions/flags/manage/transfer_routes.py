"""From one environment to the next, over the admin API. `?environment=` names the one that the
flags come into.

POST /v1/promote   from the environment before: development → testing → staging → production
POST /v1/copy      from any other environment
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from functions import web
from functions.administration import Administration
from functions.description import described
from functions.errors import FailedPrecondition, InvalidArgument
from functions.flags.manage.allowed import Allowed, anything
from functions.flags.manage.transfer import Transfer, copy
from functions.flags.manage.transfer_answers import PlanAnswer
from functions.flags.manage.transfer_bodies import Copy, Promotion
from functions.flags.transfer import environment_before
from functions.identity import Permission


def blueprint(
    administration: Callable[[], Administration], allowed: Allowed = anything
) -> flask.Blueprint:
    """`administration` is asked on the first request. `allowed` tells what rooms above forbid."""
    routes = flask.Blueprint("transfer", __name__)

    @routes.post("/v1/promote")
    @described(
        "Bring flags from the environment before",
        body=Promotion,
        answers={200: PlanAnswer},
        errors=(FailedPrecondition,),
    )
    def promote() -> Any:
        body, admin = web.parse(Promotion), administration()
        return _bring(admin, body, environment_before(admin.scope().environment), allowed)

    @routes.post("/v1/copy")
    @described(
        "Bring flags from another environment",
        body=Copy,
        answers={200: PlanAnswer},
        errors=(FailedPrecondition,),
    )
    def copy_flags() -> Any:
        body = web.parse(Copy)
        return _bring(administration(), body, body.source, allowed)

    return routes


def _bring(admin: Administration, body: Promotion, source: str, allowed: Allowed) -> Any:
    if not (body.flags or body.segments):
        raise InvalidArgument("There is nothing to bring: name `flags` or `segments`.")
    decide = copy(Transfer(source, body.flags, body.segments), body.confirm, allowed)
    outcome = admin.commit(Permission.EDIT_FLAGS, body, decide)
    return web.answer({"generation": outcome.generation, **outcome.result.to_dict()})
