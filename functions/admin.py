"""The HTTP function `admin`, for the dashboard, the command line and CI: every change.

request → ID token → membership documents → change → one commit
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions import web, wiring

if TYPE_CHECKING:
    import flask

PREFIX = "/api/admin"
FUNCTION = "admin"


def serve(request: flask.Request) -> flask.Response:
    """Answers a request of the function."""
    return web.dispatch(application().wsgi_app, request, FUNCTION, wiring.settings().project)


@wiring.once
def application() -> flask.Flask:
    from functions.flags.manage import flag_routes as flags
    from functions.registry import routes as registry
    from functions.rollouts import routes as rollouts
    from functions.stories import admin_routes as versions
    from functions.stories.publish import releasable

    ask = wiring.administration
    rooms = [
        flags.blueprint(ask),
        versions.blueprint(ask),
        rollouts.blueprint(ask, releasable),
        registry.blueprint(ask),
    ]
    app = web.make_app(FUNCTION, PREFIX, rooms)

    @app.before_request
    def somebody() -> None:
        """Nothing here, not even what there is, is for people who are not signed in."""
        wiring.administration().actor()

    return app
