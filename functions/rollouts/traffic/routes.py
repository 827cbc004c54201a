"""What serves a service, over the admin API. Every change goes through `commit_change`.

GET     /v1/serving             where services run
GET     /v1/serving/{service}   one, and where its traffic goes
PUT     /v1/serving/{service}   says where a service runs: rollbacks from now on move its traffic
DELETE  /v1/serving/{service}   Palier leaves its traffic alone again
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from functions import catalog, web
from functions.administration import Administration, ChangeBody, Removed, removed
from functions.description import described
from functions.errors import FailedPrecondition
from functions.identity import Permission
from functions.readable import readable
from functions.rollouts.traffic import store as traffic
from functions.rollouts.traffic.answers import (
    ServingChanged,
    ServingList,
    ServingShown,
    serving_view,
    traffic_view,
)
from functions.rollouts.traffic.bodies import PutServing
from functions.rollouts.traffic.catalog import SERVING, put
from functions.rollouts.traffic.serving import serving_from

BY_SERVICE = {"service": f"^{catalog.ID.pattern}$"}


def blueprint(administration: Callable[[], Administration], *, local: bool) -> flask.Blueprint:
    """`administration` is asked on the first request. `local`: health may be asked of this machine
    and its network, without TLS."""
    routes = flask.Blueprint("serving", __name__)

    @routes.get("/v1/serving")
    @described("Where services run", answers={200: ServingList}, errors=(FailedPrecondition,))
    def index() -> Any:
        admin = administration()
        published = catalog.published(admin.store, admin.read(), SERVING)
        found, unreadable = readable(published, serving_from)
        views = [serving_view(each) for each in found.values()]
        return web.answer({"serving": views, "unreadable": list(unreadable)})

    @routes.get("/v1/serving/<service>")
    @described(
        "Where one runs, and where its traffic goes",
        answers={200: ServingShown},
        path=BY_SERVICE,
        errors=(FailedPrecondition,),
    )
    def read(service: str) -> Any:
        admin = administration()
        scope = admin.read()
        definition = catalog.one(admin.store, scope, SERVING, service)
        try:
            serving = serving_from(service, definition)
        except (KeyError, TypeError, ValueError) as error:
            raise catalog.unreadable(SERVING, service) from error
        kept = traffic.one(admin.store, scope, service)
        known = traffic_view(kept.record) if kept.document else None
        return web.answer({"serving": {**serving_view(serving), "traffic": known}})

    @routes.put("/v1/serving/<service>")
    @described(
        "Say where a service runs: rollbacks from now on move its traffic",
        body=PutServing,
        answers={200: ServingChanged},
        path=BY_SERVICE,
        errors=(FailedPrecondition,),
    )
    def define(service: str) -> Any:
        body = web.parse(PutServing)
        deciding = put(body.serving(service, local=local))
        outcome = administration().commit(Permission.ROLL_OUT, body, deciding)
        view = serving_view(outcome.result)
        return web.answer({"generation": outcome.generation, "serving": view})

    @routes.delete("/v1/serving/<service>")
    @described(
        "Leave its traffic alone again",
        body=ChangeBody,
        answers={200: Removed},
        path=BY_SERVICE,
        errors=(FailedPrecondition,),
    )
    def remove(service: str) -> Any:
        deciding = catalog.remove(SERVING, service)
        return removed(administration(), service, deciding, Permission.ROLL_OUT)

    return routes
