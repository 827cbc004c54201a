"""The HTTP function `admin`, for the dashboard, the command line and CI: every change.

request → ID token → membership documents → change → one commit
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions import web, wiring
from functions.description import ID_TOKEN, Parameter, Surface
from functions.errors import (
    GenerationConflict,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    StoreUnavailable,
    Unauthenticated,
)
from functions.registry.health import VERSION
from functions.settings import IDENTIFIER

if TYPE_CHECKING:
    import flask

PREFIX = "/api/admin"
FUNCTION = "admin"
NAME = {"type": "string", "pattern": f"^{IDENTIFIER.pattern}$"}
SURFACE = Surface(
    title="Palier: admin",
    summary="For the dashboard, the command line and CI: every change.",
    version=VERSION,
    prefix=PREFIX,
    schemes={"IdToken": ID_TOKEN},
    security=("IdToken",),
    errors=(Unauthenticated, StoreUnavailable),
    query=(
        Parameter("application", "The bundle's own where not named.", NAME),
        Parameter("environment", "The bundle's own where not named.", NAME),
    ),
    scoped=(InvalidArgument, PermissionDenied, NotFound),
    changing=(GenerationConflict,),
)


def serve(request: flask.Request) -> flask.Response:
    """Answers a request of the function."""
    return web.dispatch(application().wsgi_app, request, FUNCTION, wiring.settings().project)


@wiring.once
def application() -> flask.Flask:
    from functions.alerts.channels import channel_routes
    from functions.alerts.channels.catalog import CHANNELS, ROUTES
    from functions.alerts.incidents import people_routes
    from functions.alerts.incidents import routes as incidents
    from functions.alerts.incidents.catalog import PEOPLE
    from functions.alerts.manage import alert_routes, rule_routes
    from functions.alerts.manage.define import RULES_CATALOG, SILENCES_CATALOG
    from functions.alerts.objectives import routes as objectives
    from functions.alerts.objectives import score_routes, scorecard_routes
    from functions.alerts.objectives.store import OBJECTIVES, SCORES
    from functions.alerts.outbox import delivery_routes
    from functions.alerts.testing import routes as alert_tests
    from functions.alerts.testing.begin import TESTS
    from functions.catalog import rebuild
    from functions.flags.manage import (
        exchange_routes,
        explain_routes,
        flag_routes,
        key_routes,
        lifecycle_routes,
        repair_routes,
        schedule_routes,
        segment_routes,
        transfer_routes,
    )
    from functions.metrics import restart_routes
    from functions.metrics.apps import admin_routes as app_metrics
    from functions.metrics.apps.declare import METRICS
    from functions.published import NOTICES, SERVICES
    from functions.registry import routes as registry
    from functions.rollouts import backtest_routes, deployment_routes
    from functions.rollouts import plan_routes as plans
    from functions.rollouts import routes as rollouts
    from functions.rollouts.after import completion_routes
    from functions.rollouts.after import routes as rollbacks
    from functions.rollouts.after.record import notices
    from functions.rollouts.explain import routes as explained
    from functions.rollouts.store import using
    from functions.rollouts.traffic import routes as serving
    from functions.rollouts.traffic.catalog import SERVING
    from functions.stories import admin_routes as versions
    from functions.stories.measures import MEASURES
    from functions.stories.owners import user_routes as users
    from functions.stories.publish import releasable, services
    from functions.stories.versions import SERVICE

    ask = wiring.administration
    measured = {SERVICE: MEASURES}
    kinds = (
        METRICS,
        CHANNELS,
        ROUTES,
        PEOPLE,
        TESTS,
        RULES_CATALOG,
        SILENCES_CATALOG,
        OBJECTIVES,
        SCORES,
        SERVING,
    )
    catalogs = {each.collection: rebuild(each) for each in kinds}
    rooms = [
        flag_routes.blueprint(ask, using, releasable),
        lifecycle_routes.blueprint(ask, using),
        explain_routes.blueprint(ask),
        segment_routes.blueprint(ask),
        schedule_routes.blueprint(ask, releasable),
        key_routes.blueprint(ask),
        transfer_routes.blueprint(ask, releasable),
        exchange_routes.blueprint(ask, releasable),
        repair_routes.blueprint(ask, {SERVICES: services, NOTICES: notices, **catalogs}),
        versions.blueprint(ask),
        users.blueprint(ask),
        app_metrics.blueprint(ask, measured),
        restart_routes.blueprint(ask),
        channel_routes.blueprint(ask, wiring.settings().local_channels),
        delivery_routes.blueprint(ask),
        incidents.blueprint(ask),
        people_routes.blueprint(ask),
        rule_routes.blueprint(ask, measured),
        alert_routes.blueprint(ask),
        alert_tests.blueprint(ask),
        objectives.blueprint(ask, measured),
        score_routes.blueprint(ask),
        scorecard_routes.blueprint(ask),
        rollouts.blueprint(ask, releasable, measured),
        deployment_routes.blueprint(ask, releasable),
        plans.blueprint(ask, measured),
        backtest_routes.blueprint(ask, measured),
        rollbacks.blueprint(ask),
        completion_routes.blueprint(ask),
        explained.blueprint(ask),
        serving.blueprint(ask, local=wiring.settings().local_channels),
        registry.blueprint(ask),
    ]
    app = web.make_app(FUNCTION, PREFIX, rooms)
    web.serve_description(app, SURFACE)

    @app.before_request
    def somebody() -> None:
        """Nothing here, not even what there is, is for people who are not signed in."""
        wiring.administration().actor()

    return app
