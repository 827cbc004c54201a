"""Making a story, over REST and for the callables: answered whole, or while it is being written.

POST /v1/stories         make one (header Idempotency-Key, or the field of that name);
                         with `Accept: text/event-stream` its pieces come as they are written

The verb and its models are imported by the first request for a story: they cost 110 ms of CPU,
which no evaluation of a flag has to wait for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import flask

from functions import log, messages, web
from functions.description import described, header
from functions.documents import Scope
from functions.errors import (
    AlreadyExists,
    FailedPrecondition,
    InProgress,
    OpenAIError,
    OutOfMemory,
    PalierError,
    PermissionDenied,
    RateLimited,
    SwitchedOff,
    Timeout,
    Unauthenticated,
)
from functions.identity import Actor

if TYPE_CHECKING:
    from functions.stories.streaming import Frames
    from functions.stories.studio import Studio

MAXIMUM_BODY_BYTES = 64 * 1024
STREAM = "text/event-stream"
OF_MAKING = (
    PermissionDenied,
    FailedPrecondition,
    AlreadyExists,
    InProgress,
    RateLimited,
    OutOfMemory,
    OpenAIError,
    SwitchedOff,
    Timeout,
)
IDEMPOTENCY_KEY = header(
    "Idempotency-Key",
    "One key, one story. Stronger than the field of that name.",
    {"type": "string", "pattern": "^[A-Za-z0-9_-]{8,128}$"},
)
MADE = dict.fromkeys((200, 201), "functions.stories.answers:MadeStory")


def blueprint(
    studio: Callable[[], Studio], scope: Scope, person: Callable[[str | None], Actor]
) -> flask.Blueprint:
    """`person` reads an Authorization header; `studio` is asked on the first request."""
    routes = flask.Blueprint("stories", __name__)

    def who() -> Actor:
        return person(flask.request.headers.get("Authorization"))

    @routes.post("/v1/stories")
    @described(
        "Make a story; with `Accept: text/event-stream`, told while it is being written",
        body="functions.stories.request:StoryOrder",
        answers=MADE,
        query=[IDEMPOTENCY_KEY],
        errors=OF_MAKING,
        events="`title`, `chapter` and `paragraph` ({text}), then `story` (as in JSON) or `error`.",
    )
    def create() -> Any:
        from functions.stories.generate import generate

        if wants_stream():
            return _stream(studio(), scope, who)
        told = generate(studio(), scope, who, _order())
        return web.answer(told.to_json(), 200 if told.replayed else 201)

    return routes


def wants_stream() -> bool:
    """Whether the client of the current request reads server-sent events."""
    return flask.request.accept_mimetypes.best == STREAM


def _stream(studio: Studio, scope: Scope, who: Callable[[], Actor]) -> flask.Response:
    from functions.stories.generate import stream
    from functions.stories.streaming import ServerSentEvents

    events = stream(studio, scope, who, _order())
    return streamed(studio, ServerSentEvents(problems()), events)


def streamed(studio: Studio, frames: Frames, events: Any) -> flask.Response:
    """The answer that tells `events` as they come."""
    from functions.stories.streaming import HEADERS, gone, told_as

    steps = told_as(frames, events, gone(flask.request.environ), studio.clock)
    return flask.Response(log.kept(steps), mimetype=STREAM, headers=HEADERS)


def problems() -> Callable[[PalierError], Mapping[str, Any]]:
    """What makes the body of an error, for as long as the answer to this request is written."""
    identifier = web.current_request_id()
    language = messages.preferred(flask.request.headers.get("Accept-Language"))
    return lambda error: web.problem(error, identifier, language)


def generate_for_callable(studio: Studio, scope: Scope, uid: str | None, data: Any) -> Any:
    """What the callable `generate_story` answers. `uid` is None when nobody is signed in.

    Raises what `generate` raises.
    """
    from functions.stories.generate import generate

    def who() -> Actor:
        if not uid:
            raise Unauthenticated("Nobody is signed in.")
        return Actor.person(uid)

    return generate(studio, scope, who, data).to_json()


def _order() -> Any:
    """The body, with the idempotency key of the header, if any, in its field."""
    body = web.json_body(MAXIMUM_BODY_BYTES)
    key = flask.request.headers.get("Idempotency-Key")
    if key is None or not isinstance(body, dict):
        return body
    return {**body, "idempotency_key": key}
