"""Backtests over the admin API.

POST /v1/rollout-backtests    what a plan would have decided on recorded minutes; changes nothing
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import flask
from pydantic import BaseModel, ConfigDict, Field

from functions import web
from functions.administration import Administration, Answer
from functions.changes import published_part
from functions.description import described
from functions.documents import Scope, Store
from functions.errors import FailedPrecondition, InvalidArgument, NotFound
from functions.metrics import hour_store
from functions.metrics.hours import hour_start
from functions.metrics.windows import MINUTE_SECONDS, Window, minute_start
from functions.rollouts import french
from functions.rollouts.answers import VerdictAnswer
from functions.rollouts.backtest import LEFT_OUT, Backtest, Question, Step, backtest
from functions.rollouts.baseline import HISTORY_SECONDS
from functions.rollouts.commands import UNMEASURED
from functions.rollouts.plan import Plan
from functions.rollouts.plan_bodies import Name, PlanBody, named_or_given
from functions.rollouts.plan_routes import fitting
from functions.rollouts.surroundings import Measured, around
from functions.rollouts.validation import validate

LONGEST_SECONDS = 2 * 86_400
"""More minutes take longer to read than a request may."""

Time = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]


class BacktestBody(BaseModel):
    """`plan` is the name of a template, or a plan; `since` and `until` are epoch seconds. Without
    `share` (0 to 1) both versions are compared by what arrived."""

    model_config = ConfigDict(extra="forbid", strict=True)

    plan: Name | PlanBody
    service: Name
    control: Name
    candidate: Name
    since: Time
    until: Time
    share: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] | None = None


class BacktestStep(Answer):
    """What would have been done, and what it was based on."""

    at: float
    kind: str
    phase: str
    stage: int
    verdict: VerdictAnswer | None
    sentence_fr: str


class BacktestAnswer(Answer):
    share: float
    requests: int
    requests_control: int
    looks: int
    grain_seconds: int
    steps: list[BacktestStep]
    left_out: list[str]
    last: VerdictAnswer | None
    last_fr: str


def blueprint(
    administration: Callable[[], Administration], measured: Measured = UNMEASURED
) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("backtests", __name__)

    @routes.post("/v1/rollout-backtests")
    @described(
        "What a plan would have decided on minutes that were recorded; changes nothing",
        body=BacktestBody,
        answers={200: BacktestAnswer},
        errors=(FailedPrecondition, NotFound),
    )
    def test() -> Any:
        admin = administration()
        scope = admin.read()
        body = web.parse(BacktestBody)
        plan = _plan(admin, scope, body, measured)
        asked = _question(body, plan)
        recorded = _minutes(admin.store, scope, asked)
        found = backtest(asked, recorded, _before(admin.store, scope, asked))
        if found is None:
            raise NotFound(
                f"Nothing was recorded of {asked.service} {asked.candidate} in that time. Minutes "
                "are kept for 30 days."
            )
        return web.answer(_told(found, asked.plan))

    return routes


def _plan(admin: Administration, scope: Scope, body: BacktestBody, measured: Measured) -> Plan:
    asked_for = validate(named_or_given(body.plan))

    part = partial(published_part, admin.store, scope)
    return fitting(asked_for, around(admin.store, scope, part, body.service, asked_for, measured))


def _question(body: BacktestBody, plan: Plan) -> Question:
    """Raises InvalidArgument for a time that can't be tested."""
    since, until = minute_start(body.since), minute_start(body.until)
    if not since < until:
        raise InvalidArgument("`until` must be a minute after `since`, or more.")
    if until - since > LONGEST_SECONDS:
        raise InvalidArgument(
            "At most two days can be tested at once; ask for a shorter time, or for its parts."
        )
    if body.control == body.candidate:
        raise InvalidArgument("`control` and `candidate` are the same version.")
    return Question(plan, body.service, body.control, body.candidate, since, until, body.share)


def _minutes(store: Store, scope: Scope, asked: Question) -> list[Window]:
    pages = hour_store.minutes_between(store, scope, int(asked.since), int(asked.until))
    return [each for page in pages for each in page if each.arm in asked.arms]


def _before(store: Store, scope: Scope, asked: Question) -> list[Window]:
    """The control's hours of the week before."""
    since = hour_start(asked.since - HISTORY_SECONDS)
    pages = hour_store.of_service(store, scope, hour_store.HOURS, asked.service, since)
    return [
        each
        for page in pages
        for each in page
        if each.version == asked.control and each.end <= asked.since
    ]


def _told(found: Backtest, plan: Plan) -> dict[str, Any]:
    last = found.last.verdict if found.last else None
    return {
        "share": round(found.share, 4),
        "requests": found.served.candidate.served,
        "requests_control": found.served.control.served,
        "looks": found.looks,
        "grain_seconds": MINUTE_SECONDS,
        "steps": [_step(each, plan) for each in found.steps],
        "left_out": list(LEFT_OUT),
        "last": last.to_document() if last else None,
        "last_fr": french.sentence(last, plan) if last else "",
    }


def _step(step: Step, plan: Plan) -> dict[str, Any]:
    verdict, where = step.move.verdict, step.rollout.state
    return {
        "at": step.at,
        "kind": step.move.kind,
        "phase": where.phase.value,
        "stage": where.stage,
        "verdict": verdict.to_document() if verdict else None,
        "sentence_fr": french.sentence(verdict, plan) if verdict else "",
    }
