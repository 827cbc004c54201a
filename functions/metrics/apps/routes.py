"""Events from apps, over the function `api`.

POST /v1/events    counts a batch, once, and answers when it is counted

What reads bodies is imported by the first batch: no evaluation of a flag waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import flask
from werkzeug.datastructures import Headers

from functions import web
from functions.description import described, header
from functions.errors import (
    AlreadyExists,
    InvalidArgument,
    PayloadTooLarge,
    RateLimited,
)

if TYPE_CHECKING:
    from functions.metrics.apps.accept import Reception, Reporter
    from functions.metrics.apps.bodies import EventBatch

MAXIMUM_BODY_BYTES = 256 * 1024
APP_CHECK = header("X-Firebase-AppCheck", "Beside an ID token: an App Check token.")
SECURITY = ("ApiKey", "ApiKeyHeader", "IdToken")


def blueprint(
    reception: Callable[[], Reception],
    reporter: Callable[[Headers], Reporter],
    context_problem: Callable[[Mapping[str, Any]], str | None],
) -> flask.Blueprint:
    """`reporter` reads headers, and refuses; `context_problem` says why flags can't be evaluated
    for a context."""
    routes = flask.Blueprint("events", __name__)

    @routes.post("/v1/events")
    @described(
        "Count a batch of events, once",
        body="functions.metrics.apps.bodies:EventBatch",
        answers={202: "functions.metrics.apps.bodies:TakenBatch"},
        query=[APP_CHECK],
        errors=(InvalidArgument, AlreadyExists, PayloadTooLarge, RateLimited),
        security=SECURITY,
    )
    def count() -> Any:
        from functions.metrics.apps.bodies import EventBatch

        known = reporter(flask.request.headers)
        body = web.parse(EventBatch, MAXIMUM_BODY_BYTES)
        _require_usable(body, context_problem)
        counted = reception().take(known, body.batch, body.told())
        told = {
            "batch": body.batch,
            "events": counted.events,
            "late": counted.late,
            "duplicate": counted.duplicate,
        }
        return web.answer(told, 202)

    return routes


def _require_usable(
    body: EventBatch, context_problem: Callable[[Mapping[str, Any]], str | None]
) -> None:
    problems = []
    for where, context in body.contexts().items():
        expected = context_problem(context)
        if expected is not None:
            problems.append({"field": where, "expected": expected})
    if problems:
        first = problems[0]
        raise InvalidArgument(
            f"No event of this batch was counted. {first['field']}: {first['expected']}",
            extra={"problems": problems[: web.MAXIMUM_PROBLEMS]},
        )
