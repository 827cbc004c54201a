"""Repair of what is published, over the admin API.

POST /feature-flags/sync   compares it with what is stored, and repairs it in one commit
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import flask

from functions import web
from functions.administration import Administration
from functions.description import described
from functions.errors import FailedPrecondition
from functions.flags.manage.repair import Rebuild, synchronize
from functions.flags.manage.transfer_answers import SyncAnswer
from functions.flags.manage.transfer_bodies import Synchronization
from functions.identity import Permission


def blueprint(
    administration: Callable[[], Administration], rebuild: Mapping[str, Rebuild]
) -> flask.Blueprint:
    """`administration` is asked on the first request. `rebuild` makes the parts of other rooms."""
    routes = flask.Blueprint("repair", __name__)

    @routes.post("/feature-flags/sync")
    @described(
        "Compare what is published with what is stored, and repair it",
        body=Synchronization,
        answers={200: SyncAnswer},
        errors=(FailedPrecondition,),
    )
    def sync() -> Any:
        body = web.parse(Synchronization)
        decide = synchronize(body.preview, rebuild)
        outcome = administration().commit(Permission.EDIT_FLAGS, body, decide)
        return web.answer({"generation": outcome.generation, **outcome.result.to_dict()})

    return routes
