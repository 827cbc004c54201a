"""Plans over the admin API, before there is a rollout.

GET  /v1/rollout-plans            the templates, and in plain words what they do
POST /v1/rollout-plans/preview    what a plan would do here; changes nothing
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

import flask

from functions import web
from functions.administration import Administration
from functions.changes import published_part
from functions.description import described
from functions.errors import FailedPrecondition, InvalidArgument
from functions.rollouts.commands import UNMEASURED
from functions.rollouts.fitting import Surroundings, fitted, left_out, misfits
from functions.rollouts.foresight import Circumstances, Traffic, earliest, what_if
from functions.rollouts.past_traffic import past_traffic
from functions.rollouts.plan import Plan
from functions.rollouts.plan_answers import PlanPreview, Plans
from functions.rollouts.plan_bodies import PreviewBody
from functions.rollouts.preview import in_both
from functions.rollouts.surroundings import Measured, around
from functions.rollouts.templates import TEMPLATES
from functions.rollouts.validation import validate


def blueprint(
    administration: Callable[[], Administration], measured: Measured = UNMEASURED
) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("rollout plans", __name__)

    @routes.get("/v1/rollout-plans")
    @described("The templates of plans", answers={200: Plans}, scoped=False)
    def plans() -> Any:
        administration().actor()
        return web.answer(
            {"plans": [{**each.to_view(), **in_both(each)} for each in TEMPLATES.values()]}
        )

    @routes.post("/v1/rollout-plans/preview")
    @described(
        "What a plan would do here, and how soon it would see what; changes nothing",
        body=PreviewBody,
        answers={200: PlanPreview},
        errors=(FailedPrecondition,),
    )
    def foretell() -> Any:
        admin = administration()
        scope = admin.read()
        body = web.parse(PreviewBody)
        asked_for, service = validate(body.wanted()), body.of_service()
        part = partial(published_part, admin.store, scope)
        there = around(admin.store, scope, part, service, asked_for, measured)
        plan = fitting(asked_for, there)
        now = admin.clock.now()
        past = past_traffic(admin.store, scope, service, now)
        given = body.traffic.traffic() if body.traffic else None
        known = Circumstances(
            now, given or past.traffic, past.enough, left_out(asked_for, plan, service)
        )
        hours = 0 if given else past.hours
        return web.answer(_foretold(plan, known, hours))

    return routes


def fitting(plan: Plan, there: Surroundings) -> Plan:
    """The plan as it fits there. Raises InvalidArgument when it can't work."""
    found = fitted(plan, there)
    wrong = misfits(found, there)
    if wrong:
        raise InvalidArgument(f"This plan can't work. {' '.join(wrong)}")
    return found


def _foretold(plan: Plan, known: Circumstances, hours: int) -> dict[str, Any]:
    traffic: Traffic | None = known.traffic
    return {
        "plan": plan.to_view(),
        **in_both(plan, known),
        "left_out": [asdict(each) for each in known.left_out],
        "earliest": earliest(plan, known.now or 0.0, traffic),
        "traffic": {**asdict(traffic), "hours": hours} if traffic else None,
        "what_if": [asdict(each) for each in what_if(plan, traffic)] if traffic else [],
    }
