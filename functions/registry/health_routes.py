"""`GET /v1/health`: open to everybody, and says nothing that they may not know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from functions import web
from functions.description import described
from functions.documents import Scope
from functions.errors import StoreUnavailable
from functions.flags.snapshot import SnapshotCache
from functions.registry.health import Health

ANSWERS = dict.fromkeys((200, 503), "functions.registry.answers:HealthAnswer")


def blueprint(snapshots: Callable[[], SnapshotCache], scope: Scope) -> flask.Blueprint:
    routes = flask.Blueprint("health", __name__)

    @routes.get("/v1/health")
    @described("Whether this bundle can do its work", answers=ANSWERS, public=True)
    def health() -> Any:
        found = _health(snapshots(), scope)
        return web.answer(found.to_json(), found.http_status)

    return routes


def _health(snapshots: SnapshotCache, scope: Scope) -> Health:
    try:
        snapshot = snapshots.get(scope)
    except StoreUnavailable:
        return Health(scope, None, 0.0)
    return Health(scope, snapshot.generation, snapshots.age(scope))
