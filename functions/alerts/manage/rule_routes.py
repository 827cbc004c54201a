"""Rules of alerts over the admin API. Every change goes through `commit_change`.

GET     /v1/rule-templates       rules that are wanted often
GET     /v1/rules                all of an environment: delivered, changed, its own
GET     /v1/rules/{id}           one
PUT     /v1/rules/{id}           defines it, or says anew what one that is delivered looks at
DELETE  /v1/rules/{id}           removes it; a delivered one is again as it is delivered
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import flask

from functions import catalog, web
from functions.administration import Administration, ChangeBody, Removed, removed
from functions.alerts.in_force import ENABLED, every, read_rules
from functions.alerts.manage.answers import (
    RuleAnswer,
    RuleChanged,
    RuleList,
    TemplateList,
    rule_view,
    template_view,
)
from functions.alerts.manage.bodies import PutRule
from functions.alerts.manage.define import RULES_CATALOG, Measured, put_rule, remove_rule
from functions.alerts.rule import Rule
from functions.alerts.templates import TEMPLATES
from functions.description import described
from functions.errors import FailedPrecondition
from functions.identity import Permission


def blueprint(administration: Callable[[], Administration], measured: Measured) -> flask.Blueprint:
    """`administration` is asked on the first request; `measured` are the measures that functions
    report themselves."""
    routes = flask.Blueprint("rules", __name__)
    _add_reading(routes, administration)

    @routes.put("/v1/rules/<identifier>")
    @described(
        "Define it, or say anew what one that is delivered looks at",
        body=PutRule,
        answers={200: RuleChanged},
        path=catalog.BY_ID,
        errors=(FailedPrecondition,),
    )
    def put(identifier: str) -> Any:
        body = web.parse(PutRule)
        decide = put_rule(identifier, body.given(), body.template, measured)
        outcome = administration().commit(Permission.EDIT_ALERTS, body, decide)
        rule, enabled = outcome.result
        view = rule_view(rule, enabled=enabled, changed=True)
        return web.answer({"generation": outcome.generation, "rule": view})

    @routes.delete("/v1/rules/<identifier>")
    @described(
        "Remove it; a delivered one is again as it is delivered",
        body=ChangeBody,
        answers={200: Removed},
        path=catalog.BY_ID,
        errors=(FailedPrecondition,),
    )
    def remove(identifier: str) -> Any:
        return removed(administration(), identifier, remove_rule(identifier))

    return routes


def _add_reading(routes: flask.Blueprint, administration: Callable[[], Administration]) -> None:
    @routes.get("/v1/rule-templates")
    @described("Rules that are wanted often", answers={200: TemplateList}, scoped=False)
    def templates() -> Any:
        administration().actor()
        return web.answer({"templates": [template_view(each) for each in TEMPLATES.values()]})

    @routes.get("/v1/rules")
    @described("The rules of an environment", answers={200: RuleList})
    def index() -> Any:
        known = _known(administration())
        made, unreadable = read_rules(known)
        views = [_view(rule, known, made) for rule in every(known)]
        return web.answer({"rules": views, "unreadable": list(unreadable)})

    @routes.get("/v1/rules/<identifier>")
    @described(
        "One rule", answers={200: RuleAnswer}, path=catalog.BY_ID, errors=(FailedPrecondition,)
    )
    def read(identifier: str) -> Any:
        known = _known(administration())
        made, unreadable = read_rules(known)
        if identifier in unreadable:
            raise catalog.unreadable(RULES_CATALOG, identifier)
        found = [rule for rule in every(known) if rule.id == identifier]
        if not found:
            raise catalog.missing(RULES_CATALOG, identifier)
        return web.answer({"rule": _view(found[0], known, made)})


def _known(admin: Administration) -> Mapping[str, catalog.Definition]:
    return catalog.published(admin.store, admin.read(), RULES_CATALOG)


def _view(
    rule: Rule, known: Mapping[str, catalog.Definition], made: Mapping[str, Rule]
) -> dict[str, Any]:
    changed = rule.id in made
    enabled = bool(known[rule.id].get(ENABLED, True)) if changed else True
    return rule_view(rule, enabled=enabled, changed=changed)
