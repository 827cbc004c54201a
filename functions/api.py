"""The HTTP function `api`, for client apps: flags over OFREP, stories, and the bundle's health.

    request → OFREP? → evaluated at once
            → anything else → Flask: its route

Placed before functions-framework's own Flask app where there is one, since a second dispatch costs
more than an evaluation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions import web, wiring
from functions.description import ID_TOKEN, Surface
from functions.errors import StoreUnavailable, Unauthenticated
from functions.flags.clients.hot import Application, HotRoutes, put_ahead
from functions.registry.health import VERSION

if TYPE_CHECKING:
    import flask

PREFIX = "/api"
FUNCTION = "api"
SURFACE = Surface(
    title="Palier: api",
    summary="For client apps: flags over OFREP, stories, and the bundle's health.",
    version=VERSION,
    prefix=PREFIX,
    schemes={"IdToken": ID_TOKEN},
    security=("IdToken",),
    errors=(Unauthenticated, StoreUnavailable),
)


def serve(request: flask.Request) -> flask.Response:
    """Answers a request of the function."""
    return web.dispatch(application(), request, FUNCTION, wiring.settings().project)


@wiring.once
def application() -> Application:
    return with_hot_routes(slower_routes().wsgi_app)


def slower_routes() -> flask.Flask:
    """What Flask answers. pydantic and what else these routes need is imported here."""
    from functions import tokens
    from functions.registry import health_routes
    from functions.stories import routes as stories

    scope = wiring.settings().scope
    app = web.make_app(
        FUNCTION,
        PREFIX,
        [
            health_routes.blueprint(wiring.snapshots, scope),
            stories.blueprint(wiring.studio, scope, tokens.person),
        ],
    )
    web.serve_description(app, SURFACE, public=True)
    return app


def with_hot_routes(behind: Application) -> HotRoutes:
    """OFREP ahead of what else there is."""
    origins = wiring.settings().allowed_origins
    return HotRoutes(behind, wiring.snapshots, wiring.CLOCK, origins, FUNCTION)


def put_hot_routes_ahead() -> bool:
    """Called once while the bundle is loaded; only the server of `api` gets them."""
    return put_ahead(FUNCTION, with_hot_routes)
