"""Metrics of apps over the admin API. Every change goes through `commit_change`.

GET    /v1/metrics           those that are declared
GET    /v1/metrics/{name}    one
PUT    /v1/metrics/{name}    declare it, or say anew what it means
DELETE /v1/metrics/{name}    its events are refused from then on
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from functions import catalog, web
from functions.administration import Administration, ChangeBody
from functions.changes import Outcome
from functions.description import described
from functions.errors import FailedPrecondition
from functions.identity import Permission
from functions.metrics import measures
from functions.metrics.apps.bodies import (
    DeclaredMetric,
    MetricAnswer,
    MetricChanged,
    MetricList,
    shown,
)
from functions.metrics.apps.declare import METRICS, Measured, declare, remove
from functions.metrics.apps.declared import AppMetric, read_all

PATH = {"name": f"^{measures.NAME.pattern}$"}


def blueprint(administration: Callable[[], Administration], measured: Measured) -> flask.Blueprint:
    """`administration` is asked on the first request; `measured` are the measures that functions
    report themselves."""
    routes = flask.Blueprint("metrics", __name__)
    _add_reading(routes, administration)

    @routes.put("/v1/metrics/<name>")
    @described(
        "Declare a metric of apps, or say anew what it means",
        body=DeclaredMetric,
        answers={200: MetricChanged},
        path=PATH,
        errors=(FailedPrecondition,),
    )
    def put(name: str) -> Any:
        body = web.parse(DeclaredMetric)
        decide = declare(body.metric(name), measured)
        return _changed(name, administration().commit(Permission.EDIT_ALERTS, body, decide))

    @routes.delete("/v1/metrics/<name>")
    @described(
        "Its events are refused from then on",
        body=ChangeBody,
        answers={200: MetricChanged},
        path=PATH,
        errors=(FailedPrecondition,),
    )
    def delete(name: str) -> Any:
        body = web.parse(ChangeBody)
        return _changed(name, administration().commit(Permission.EDIT_ALERTS, body, remove(name)))

    return routes


def _add_reading(routes: flask.Blueprint, administration: Callable[[], Administration]) -> None:
    @routes.get("/v1/metrics")
    @described(
        "The metrics that apps may report",
        answers={200: MetricList},
        errors=(FailedPrecondition,),
    )
    def index() -> Any:
        admin = administration()
        found = read_all(catalog.published(admin.store, admin.read(), METRICS))
        return web.answer({"metrics": [shown(found[name]) for name in sorted(found)]})

    @routes.get("/v1/metrics/<name>")
    @described("One", answers={200: MetricAnswer}, path=PATH, errors=(FailedPrecondition,))
    def read(name: str) -> Any:
        admin = administration()
        found = catalog.one(admin.store, admin.read(), METRICS, name)
        return web.answer({"metric": shown(AppMetric.from_definition(name, found))})


def _changed(name: str, outcome: Outcome) -> Any:
    metric = shown(AppMetric.from_definition(name, outcome.result))
    return web.answer({"generation": outcome.generation, "metric": metric})
