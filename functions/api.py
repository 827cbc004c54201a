"""The HTTP function `api`, for client apps: flags over OFREP and for flagd, events, stories, and
the bundle's health.

    request → flags? → evaluated at once
            → anything else → Flask: its route

Placed before functions-framework's own Flask app where there is one, since a second dispatch costs
more than an evaluation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions import web, wiring
from functions.description import API_KEY, API_KEY_HEADER, ID_TOKEN, Surface
from functions.errors import StoreUnavailable, Unauthenticated
from functions.flags.clients.hot import HotRoutes
from functions.flags.clients.limits import Limits
from functions.flags.clients.wsgi import Application, put_ahead
from functions.registry.health import VERSION

if TYPE_CHECKING:
    import flask

PREFIX = "/api"
FUNCTION = "api"
SURFACE = Surface(
    title="Palier: api",
    summary="For client apps: flags over OFREP, events, stories, and the bundle's health.",
    version=VERSION,
    prefix=PREFIX,
    schemes={"IdToken": ID_TOKEN, "ApiKey": API_KEY, "ApiKeyHeader": API_KEY_HEADER},
    security=("IdToken",),
    errors=(Unauthenticated, StoreUnavailable),
    ahead="functions.flags.clients.description:hot_routes",
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
    from functions.flags.clients.reporters import Reporters, context_problem
    from functions.metrics.apps import routes as events
    from functions.registry import health_routes
    from functions.stories import routes as stories
    from functions.stories.owners import library_routes as library

    settings = wiring.settings()
    scope = settings.scope
    reporters = Reporters(
        wiring.snapshots,
        wiring.CLOCK,
        Limits(settings.evaluation_limit),
        scope,
        person=tokens.person,
        app=tokens.app,
    )
    app = web.make_app(
        FUNCTION,
        PREFIX,
        [
            health_routes.blueprint(wiring.snapshots, scope),
            events.blueprint(wiring.reception, reporters.read, context_problem),
            stories.blueprint(wiring.studio, scope, tokens.person),
            library.blueprint(wiring.library, wiring.recorder, scope, tokens.person),
        ],
    )
    web.serve_description(app, SURFACE, public=True)
    return app


def with_hot_routes(behind: Application) -> HotRoutes:
    """The routes of flags ahead of what else there is."""
    settings = wiring.settings()
    return HotRoutes(
        behind,
        wiring.snapshots,
        wiring.usage,
        wiring.CLOCK,
        limits=Limits(settings.evaluation_limit),
        allowed_origins=settings.allowed_origins,
        function=FUNCTION,
    )


def put_hot_routes_ahead() -> bool:
    """Called once while the bundle is loaded; only the server of `api` gets them."""
    return put_ahead(FUNCTION, with_hot_routes)
