"""Who is told of what, and what became of it, over the admin API.

GET     /v1/routes                  who is told of what
PUT     /v1/routes/{id}             defines a route
DELETE  /v1/routes/{id}             removes it
GET     /v1/deliveries              the latest, newest first (?status=dead&channel=pager&limit=100)
GET     /v1/deliveries/{id}         one, with its texts
POST    /v1/deliveries/{id}/retry   a dead one is tried anew
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from functions import catalog, web
from functions.administration import Administration, ChangeBody, Removed, removed
from functions.alerts.channels.answers import RouteChanged, RouteList
from functions.alerts.channels.bodies import PutRoute
from functions.alerts.channels.catalog import ROUTES
from functions.alerts.channels.define import put_route, remove_route
from functions.alerts.outbox import kept, store
from functions.alerts.outbox.answers import DeliveryAnswer, DeliveryChanged, DeliveryList
from functions.alerts.outbox.delivery import Status
from functions.alerts.outbox.retry import retry
from functions.alerts.outbox.routing import Route
from functions.description import Parameter, described, limit
from functions.errors import FailedPrecondition, InvalidArgument
from functions.identity import Permission

LARGEST_LIST = 500
USUAL_LIST = 100
STATUSES = [status.value for status in Status]
ONLY = (
    Parameter("status", "Those in one state.", {"type": "string", "enum": STATUSES}),
    Parameter(
        "channel", "Those of one channel.", {"type": "string", "pattern": f"^{catalog.ID.pattern}$"}
    ),
)
DELIVERY = {"identifier": f"^{store.IDENTIFIER.pattern}$"}


def blueprint(administration: Callable[[], Administration]) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("telling", __name__)
    _add_routes(routes, administration)
    _add_deliveries(routes, administration)
    return routes


def _add_routes(routes: flask.Blueprint, administration: Callable[[], Administration]) -> None:
    @routes.get("/v1/routes")
    @described("Who is told of what", answers={200: RouteList})
    def list_routes() -> Any:
        admin = administration()
        known = catalog.published(admin.store, admin.read(), ROUTES)
        return web.answer({"routes": [_route(name, known[name]) for name in sorted(known)]})

    @routes.put("/v1/routes/<identifier>")
    @described(
        "Define a route",
        body=PutRoute,
        answers={200: RouteChanged},
        path=catalog.BY_ID,
        errors=(FailedPrecondition,),
    )
    def put(identifier: str) -> Any:
        body = web.parse(PutRoute)
        decide = put_route(identifier, body.route().to_definition())
        outcome = administration().commit(Permission.EDIT_ALERTS, body, decide)
        view = _route(identifier, outcome.result)
        return web.answer({"generation": outcome.generation, "route": view})

    @routes.delete("/v1/routes/<identifier>")
    @described("Remove a route", body=ChangeBody, answers={200: Removed}, path=catalog.BY_ID)
    def remove(identifier: str) -> Any:
        return removed(administration(), identifier, remove_route(identifier))


def _add_deliveries(routes: flask.Blueprint, administration: Callable[[], Administration]) -> None:
    @routes.get("/v1/deliveries")
    @described(
        "The latest, newest first",
        answers={200: DeliveryList},
        query=[limit(USUAL_LIST, LARGEST_LIST), *ONLY],
    )
    def list_deliveries() -> Any:
        admin = administration()
        scope, only = admin.read(), _only()
        most = web.list_limit(USUAL_LIST, LARGEST_LIST)
        found = store.listed(admin.store, scope, only, most)
        return web.answer({"deliveries": [each.to_view() for each in found]})

    @routes.get("/v1/deliveries/<identifier>")
    @described("One, with its texts", answers={200: DeliveryAnswer}, path=DELIVERY)
    def read(identifier: str) -> Any:
        admin = administration()
        scope = admin.read()
        found = store.find(admin.store, scope, identifier).delivery
        texts = kept.texts(store.messages(admin.store, scope, [found.message]).get(found.message))
        return web.answer({"delivery": found.to_view(), "texts": texts})

    @routes.post("/v1/deliveries/<identifier>/retry")
    @described(
        "A dead one is tried anew",
        body=ChangeBody,
        answers={200: DeliveryChanged},
        path=DELIVERY,
        errors=(FailedPrecondition,),
    )
    def try_again(identifier: str) -> Any:
        body = web.parse(ChangeBody)
        outcome = administration().commit(Permission.RESPOND, body, retry(identifier))
        view = outcome.result.to_view()
        return web.answer({"generation": outcome.generation, "delivery": view})


def _route(name: str, definition: Any) -> dict[str, Any]:
    return {"id": name, **Route.from_definition(definition).to_definition()}


def _only() -> dict[str, str | None]:
    """What the list is narrowed to. Raises InvalidArgument."""
    status, channel = flask.request.args.get("status"), flask.request.args.get("channel")
    if status is not None and status not in STATUSES:
        raise InvalidArgument(f"`status` is one of {', '.join(STATUSES)}.")
    if channel is not None and not catalog.ID.fullmatch(channel):
        raise InvalidArgument("`channel` is the id of a channel.")
    return {"status": status, "channel": channel}
