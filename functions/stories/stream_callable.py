"""The callable that streams: the framing of the Firebase SDKs, which firebase_functions has not for
Python. It checks method, body, ID token and App Check itself.

Without `Accept: text/event-stream` it answers whole, as `generate_story` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flask

from functions import log, web
from functions.documents import Scope
from functions.errors import Internal, InvalidArgument, PalierError, Unauthenticated
from functions.identity import Actor
from functions.stories.generate import generate, stream
from functions.stories.routes import (
    MAXIMUM_BODY_BYTES,
    STREAM,
    problems,
    streamed,
    wants_stream,
)
from functions.stories.streaming import CallableFrames, fault
from functions.stories.studio import Studio

APP_CHECK_HEADER = "X-Firebase-AppCheck"


@dataclass(frozen=True)
class Doors:
    """What checks tokens. `person` reads an Authorization header, `app` an App Check token; each
    raises Unauthenticated. `app` is None where App Check is switched off."""

    person: Callable[[str | None], Actor]
    app: Callable[[str | None], None] | None


def blueprint(studio: Callable[[], Studio], scope: Scope, doors: Doors) -> flask.Blueprint:
    """One address: whatever is called is the callable."""
    routes = flask.Blueprint("callable", __name__)

    @routes.post("/")
    @routes.post("/<path:_anything>")
    def call(_anything: str = "") -> flask.Response:
        try:
            return _answer(studio(), scope, doors)
        except PalierError as error:
            return _refused(error)
        except Exception as error:
            log.exception("request crashed", error)
            return _refused(Internal("An unexpected error."))

    return routes


def _answer(studio: Studio, scope: Scope, doors: Doors) -> flask.Response:
    data = _data()
    if doors.app is not None:
        doors.app(flask.request.headers.get(APP_CHECK_HEADER))

    def who() -> Actor:
        authorization = flask.request.headers.get("Authorization")
        if not authorization:
            raise Unauthenticated("Nobody is signed in.")
        return doors.person(authorization)

    if wants_stream():
        events = stream(studio, scope, who, data)
        return streamed(studio, CallableFrames(problems()), events)
    told: flask.Response = web.answer({"result": generate(studio, scope, who, data).to_json()})
    return told


def _data() -> Any:
    body = web.json_body(MAXIMUM_BODY_BYTES)
    if not isinstance(body, dict) or set(body) != {"data"}:
        raise InvalidArgument("The body of a callable is an object with the field `data`.")
    return body["data"]


def _refused(error: PalierError) -> flask.Response:
    """An error before the first byte, in the form that the client reads."""
    if wants_stream():
        frame = CallableFrames(problems()).error(error)
        return flask.Response(frame, error.http_status, mimetype=STREAM)
    answered: flask.Response = web.answer(
        {"error": fault(error, problems()(error))}, error.http_status
    )
    return answered
