"""Rollbacks over the admin API.

GET /v1/rollbacks        the latest, newest first
GET /v1/rollbacks/{id}   that of one rollout: what became of the flags, and every check
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from functions import web
from functions.administration import Administration
from functions.description import described
from functions.rollouts.after import shown, store
from functions.rollouts.after.answers import Rollbacks, WholeRollback
from functions.rollouts.store import IDENTIFIER

ID = {"identifier": f"^{IDENTIFIER.pattern}$"}


def blueprint(administration: Callable[[], Administration]) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("rollbacks", __name__)

    @routes.get("/v1/rollbacks")
    @described("The latest rollbacks, newest first", answers={200: Rollbacks})
    def index() -> Any:
        admin = administration()
        found = store.listed(admin.store, admin.read())
        return web.answer({"rollbacks": [shown.summary(each) for each in found]})

    @routes.get("/v1/rollbacks/<identifier>")
    @described("That of one rollout, with every check", answers={200: WholeRollback}, path=ID)
    def read(identifier: str) -> Any:
        admin = administration()
        found = store.find(admin.store, admin.read(), identifier)
        return web.answer(shown.whole(found))

    return routes
