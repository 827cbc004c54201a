"""Objectives over the admin API. Every change goes through `commit_change`.

GET     /v1/objectives        what services are to achieve, and where they stand
GET     /v1/objectives/{id}   one
PUT     /v1/objectives/{id}   defines it, or defines it anew
DELETE  /v1/objectives/{id}   removes it
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import flask

from functions import catalog, web
from functions.administration import Administration, ChangeBody, Removed, removed
from functions.alerts.in_force import in_force
from functions.alerts.manage.define import RULES_CATALOG, Measured
from functions.alerts.objectives import store
from functions.alerts.objectives.answers import (
    ObjectiveAnswer,
    ObjectiveChanged,
    ObjectiveList,
    objective_view,
)
from functions.alerts.objectives.bodies import PutObjective
from functions.alerts.objectives.define import put_objective, remove_objective
from functions.alerts.objectives.ledger import Ledger
from functions.alerts.objectives.objective import Objective, objectives_of
from functions.alerts.objectives.store import OBJECTIVES
from functions.alerts.rule import Rule
from functions.description import described
from functions.documents import Scope
from functions.errors import FailedPrecondition
from functions.identity import Permission


def blueprint(administration: Callable[[], Administration], measured: Measured) -> flask.Blueprint:
    """`administration` is asked on the first request; `measured` are the measures that functions
    report themselves."""
    routes = flask.Blueprint("objectives", __name__)
    _add_reading(routes, administration)

    @routes.put("/v1/objectives/<identifier>")
    @described(
        "Define it, or define it anew",
        body=PutObjective,
        answers={200: ObjectiveChanged},
        path=catalog.BY_ID,
        errors=(FailedPrecondition,),
    )
    def put(identifier: str) -> Any:
        admin, body = administration(), web.parse(PutObjective)
        objective = body.objective(identifier)
        deciding = put_objective(objective, measured)
        outcome = admin.commit(Permission.EDIT_ALERTS, body, deciding)
        view = _views(admin, admin.scope(), [objective])[0]
        return web.answer({"generation": outcome.generation, "objective": view})

    @routes.delete("/v1/objectives/<identifier>")
    @described(
        "Remove it; what was counted for it goes",
        body=ChangeBody,
        answers={200: Removed},
        path=catalog.BY_ID,
        errors=(FailedPrecondition,),
    )
    def remove(identifier: str) -> Any:
        return removed(administration(), identifier, remove_objective(identifier))

    return routes


def _add_reading(routes: flask.Blueprint, administration: Callable[[], Administration]) -> None:
    @routes.get("/v1/objectives")
    @described(
        "What services are to achieve, and where they stand",
        answers={200: ObjectiveList},
        errors=(FailedPrecondition,),
    )
    def index() -> Any:
        admin = administration()
        scope = admin.read()
        found, unreadable = objectives_of(catalog.published(admin.store, scope, OBJECTIVES))
        views = _views(admin, scope, found)
        return web.answer({"objectives": views, "unreadable": list(unreadable)})

    @routes.get("/v1/objectives/<identifier>")
    @described(
        "One", answers={200: ObjectiveAnswer}, path=catalog.BY_ID, errors=(FailedPrecondition,)
    )
    def read(identifier: str) -> Any:
        admin = administration()
        scope = admin.read()
        definition = catalog.one(admin.store, scope, OBJECTIVES, identifier)
        found, _ = objectives_of({identifier: definition})
        if not found:
            raise catalog.unreadable(OBJECTIVES, identifier)
        return web.answer({"objective": _views(admin, scope, found)[0]})


def _views(
    admin: Administration, scope: Scope, objectives: Sequence[Objective]
) -> list[dict[str, Any]]:
    services = {each.service for each in objectives}
    ledgers: Mapping[str, Ledger] = {}
    rules: Sequence[Rule] = ()
    if services:
        ledgers = store.of_objectives(objectives, store.kept(admin.store, scope, services))
        rules = in_force(catalog.published(admin.store, scope, RULES_CATALOG))
    return [objective_view(each, ledgers.get(each.id), rules) for each in objectives]
