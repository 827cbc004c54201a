"""Scheduled changes over the admin API. Every change goes through `commit_change`.

GET   /v1/schedules                the latest, newest first (?flag=KEY&state=pending&limit=100)
POST  /v1/schedules                a change of a flag, to take effect at a time
GET   /v1/schedules/{id}           one, with its revision
PATCH /v1/schedules/{id}           another time or other changes, on the basis of its revision
POST  /v1/schedules/{id}/cancel    it never takes effect
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import flask

from functions import web
from functions.administration import Administration, ChangeBody
from functions.changes import Outcome
from functions.description import Description, Parameter, described, limit
from functions.errors import FailedPrecondition, InvalidArgument
from functions.flags.manage import schedule_store
from functions.flags.manage.allowed import Allowed, anything
from functions.flags.manage.answers import ScheduleAnswer, ScheduleChanged, ScheduleList
from functions.flags.manage.bodies import EditedSchedule, NewSchedule
from functions.flags.manage.schedules import (
    Rescheduling,
    cancel_schedule,
    reschedule,
    schedule_change,
)
from functions.flags.schedule import State, Wish
from functions.flags.validation import KEY, check_key
from functions.identity import Permission

LARGEST_LIST = 500
USUAL_LIST = 100
BY_ID = {"identifier": f"^{schedule_store.IDENTIFIER.pattern}$"}
STATES = [state.value for state in State]
ONLY = (
    Parameter("flag", "Those of one flag.", {"type": "string", "pattern": f"^{KEY.pattern}$"}),
    Parameter("state", "Those in one state.", {"type": "string", "enum": STATES}),
)


def blueprint(
    administration: Callable[[], Administration], allowed: Allowed = anything
) -> flask.Blueprint:
    """`administration` is asked on the first request. `allowed` tells what rooms above forbid."""
    routes = flask.Blueprint("schedules", __name__)
    _add_reading(routes, administration)
    _add_changing(routes, administration, allowed)
    return routes


def _add_reading(routes: flask.Blueprint, administration: Callable[[], Administration]) -> None:
    @routes.get("/v1/schedules")
    @described(
        "The latest, newest first",
        answers={200: ScheduleList},
        query=[limit(USUAL_LIST, LARGEST_LIST), *ONLY],
    )
    def list_schedules() -> Any:
        admin = administration()
        scope = admin.read()
        only = _only()
        found = schedule_store.listed(
            admin.store, scope, only, web.list_limit(USUAL_LIST, LARGEST_LIST)
        )
        return web.answer({"schedules": [each.to_view() for each in found]})

    @routes.get("/v1/schedules/<identifier>")
    @described("One, with its revision", answers={200: ScheduleAnswer}, path=BY_ID)
    def read(identifier: str) -> Any:
        admin = administration()
        found = schedule_store.find(admin.store, admin.read(), identifier)
        return web.answer({"schedule": found.schedule.to_view()})


def _add_changing(
    routes: flask.Blueprint, administration: Callable[[], Administration], allowed: Allowed
) -> None:
    @routes.post("/v1/schedules")
    @described(
        "A change of a flag, to take effect at a time",
        body=NewSchedule,
        answers={201: ScheduleChanged},
        errors=(FailedPrecondition,),
    )
    def create() -> Any:
        body = web.parse(NewSchedule)
        changes = None if body.changes is None else body.changes.given()
        wish = Wish(body.at, body.action, changes)
        identifier = f"s-{uuid.uuid4().hex[:12]}"
        decide = schedule_change(identifier, body.flag, body.flag_revision, wish, allowed)
        return _schedule(administration().commit(Permission.EDIT_FLAGS, body, decide), 201)

    @routes.patch("/v1/schedules/<identifier>")
    @_changing("Another time or other changes, on the basis of its revision", EditedSchedule)
    def edit(identifier: str) -> Any:
        body = web.parse(EditedSchedule)
        changes = None if body.changes is None else body.changes.given()
        wanted = Rescheduling(body.at, changes, body.flag_revision)
        decide = reschedule(identifier, body.revision, wanted, allowed)
        return _schedule(administration().commit(Permission.EDIT_FLAGS, body, decide))

    @routes.post("/v1/schedules/<identifier>/cancel")
    @_changing("It never takes effect", ChangeBody)
    def cancel(identifier: str) -> Any:
        body = web.parse(ChangeBody)
        decide = cancel_schedule(identifier)
        return _schedule(administration().commit(Permission.EDIT_FLAGS, body, decide))


def _changing(summary: str, body: type[ChangeBody]) -> Description:
    return described(
        summary,
        body=body,
        answers={200: ScheduleChanged},
        path=BY_ID,
        errors=(FailedPrecondition,),
    )


def _only() -> dict[str, str | None]:
    """What the list is narrowed to. Raises InvalidArgument."""
    key, state = flask.request.args.get("flag"), flask.request.args.get("state")
    if key is not None:
        check_key(key)
    if state is not None and state not in STATES:
        raise InvalidArgument(f"`state` is one of {', '.join(STATES)}.")
    return {"flag": key, "state": state}


def _schedule(outcome: Outcome, status: int = 200) -> Any:
    view = outcome.result.to_view()
    return web.answer({"generation": outcome.generation, "schedule": view}, status)
