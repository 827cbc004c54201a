"""Alerts as they stand, what became of them, and who is silent, over the admin API.

GET     /v1/alerts               those that are not simply well; every one with ?all=true
GET     /v1/alert-events         every change of an alert, newest first
GET     /v1/silences             those that hold, and that were not cleared away
PUT     /v1/silences/{id}        until when nobody is told of which alerts
DELETE  /v1/silences/{id}        people are told again
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from functions import catalog, web
from functions.administration import Administration, ChangeBody, Removed, removed
from functions.alerts import events
from functions.alerts.manage.answers import (
    AlertList,
    EventList,
    SilenceChanged,
    SilenceList,
    alert_view,
    silence_view,
)
from functions.alerts.manage.bodies import PutSilence
from functions.alerts.manage.define import SILENCES_CATALOG, put_silence, remove_silence
from functions.alerts.manage.standing import Standings
from functions.alerts.silence import silences_of
from functions.alerts.state import OK
from functions.description import Parameter, described, limit
from functions.errors import FailedPrecondition, InvalidArgument
from functions.identity import Permission

USUAL_LIST = 200
LARGEST_LIST = 2_000
ALL = Parameter("all", "`true`: those that are well, too.", {"type": "boolean", "default": False})
SERVICE = Parameter("service", "Of this service alone.")
BEFORE = Parameter("before", "What the former page gave as its `next`.", {"type": "number"})


def blueprint(administration: Callable[[], Administration]) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("alerts", __name__)
    _add_alerts(routes, administration)
    _add_silences(routes, administration)
    return routes


def _add_alerts(routes: flask.Blueprint, administration: Callable[[], Administration]) -> None:
    standings = Standings()

    @routes.get("/v1/alerts")
    @described(
        "Alerts as they stand, what fires first",
        answers={200: AlertList},
        query=[ALL, SERVICE, limit(USUAL_LIST, LARGEST_LIST)],
    )
    def alerts() -> Any:
        admin = administration()
        scope = admin.read()
        most, every = web.list_limit(USUAL_LIST, LARGEST_LIST), _wants_all()
        service = flask.request.args.get("service", "")
        found = [
            each
            for each in standings.of(admin.store, scope, admin.clock.now())
            if (every or each.state.status != OK) and service in ("", each.state.key.service)
        ]
        views = [alert_view(each.rule, each.state, stored=each.stored) for each in found[:most]]
        return web.answer({"alerts": views})

    @routes.get("/v1/alert-events")
    @described(
        "Every change of an alert, newest first",
        answers={200: EventList},
        query=[SERVICE, BEFORE, limit(USUAL_LIST, LARGEST_LIST)],
    )
    def alert_events() -> Any:
        admin = administration()
        scope = admin.read()
        most = web.list_limit(USUAL_LIST, LARGEST_LIST)
        found = events.listed(admin.store, scope, _before(admin.clock.now()), most)
        service = flask.request.args.get("service", "")
        shown = [each for each in found if service in ("", each["service"])]
        following = found[-1]["at"] if len(found) == most else None
        return web.answer({"events": shown, "next": following})


def _add_silences(routes: flask.Blueprint, administration: Callable[[], Administration]) -> None:
    @routes.get("/v1/silences")
    @described("Until when nobody is told of which alerts", answers={200: SilenceList})
    def index() -> Any:
        admin = administration()
        known = catalog.published(admin.store, admin.read(), SILENCES_CATALOG)
        now = admin.clock.now()
        found, unreadable = silences_of(known)
        views = [silence_view(each.id, known[each.id], now) for each in found]
        return web.answer({"silences": views, "unreadable": list(unreadable)})

    @routes.put("/v1/silences/<identifier>")
    @described(
        "Until when nobody is told of which alerts; rollouts are protected all the same",
        body=PutSilence,
        answers={200: SilenceChanged},
        path=catalog.BY_ID,
        errors=(FailedPrecondition,),
    )
    def put(identifier: str) -> Any:
        body, admin = web.parse(PutSilence), administration()
        decide = put_silence(identifier, body.given(), body.reason)
        outcome = admin.commit(Permission.RESPOND, body, decide)
        view = silence_view(identifier, outcome.result, admin.clock.now())
        return web.answer({"generation": outcome.generation, "silence": view})

    @routes.delete("/v1/silences/<identifier>")
    @described(
        "People are told again",
        body=ChangeBody,
        answers={200: Removed},
        path=catalog.BY_ID,
        errors=(FailedPrecondition,),
    )
    def remove(identifier: str) -> Any:
        decide = remove_silence(identifier)
        return removed(administration(), identifier, decide, Permission.RESPOND)


def _wants_all() -> bool:
    """Raises InvalidArgument."""
    given = flask.request.args.getlist("all") or ["false"]
    if given not in (["true"], ["false"]):
        raise InvalidArgument("`all` is `true` or `false`, once.")
    return given == ["true"]


def _before(now: float) -> float:
    """Raises InvalidArgument."""
    text = flask.request.args.get("before")
    if text is None:
        return now + 60.0
    try:
        before = float(text)
    except ValueError:
        before = -1.0
    if not 0 <= before <= 1e11:
        raise InvalidArgument("`before` is a time in epoch seconds.")
    return before
