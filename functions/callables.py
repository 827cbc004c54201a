"""The callables for the Firebase SDKs: their answers, and their errors in the SDKs' own shape.

`stream_story` is an HTTP function that speaks as a callable: firebase_functions can't stream.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from functions import log, messages, web, wiring
from functions.errors import Internal, PalierError
from functions.flags.clients.callable import evaluate_for_callable
from functions.stories.routes import generate_for_callable

if TYPE_CHECKING:
    import flask

Fault = TypeVar("Fault", bound=Exception)


class Auth(Protocol):
    @property
    def uid(self) -> str | None: ...


class Request(Protocol):
    """What a handler needs of firebase_functions' CallableRequest."""

    @property
    def data(self) -> Any: ...

    @property
    def auth(self) -> Any: ...

    @property
    def raw_request(self) -> Any: ...


def evaluate_flags(request: Request) -> Any:
    snapshot, usage = wiring.snapshots().get(wiring.settings().scope), wiring.usage()
    evaluated = evaluate_for_callable(snapshot, usage.tally(snapshot), request.data, _uid(request))
    usage.write_when_due()
    return evaluated


def generate_story(request: Request) -> Any:
    scope = wiring.settings().scope
    return generate_for_callable(wiring.studio(), scope, _uid(request), request.data)


def stream_story(request: flask.Request) -> flask.Response:
    project = wiring.settings().project
    return web.dispatch(streaming().wsgi_app, request, "stream_story", project)


@wiring.once
def streaming() -> flask.Flask:
    from functions import tokens
    from functions.stories.stream_callable import Doors, blueprint

    settings = wiring.settings()
    doors = Doors(tokens.person, tokens.app if settings.app_check else None)
    rooms = [blueprint(wiring.studio, settings.scope, doors)]
    return web.make_app("stream_story", "", rooms)


def answer(
    handler: Callable[[Request], Any],
    request: Request,
    fault: Callable[[str, str, dict[str, Any]], Exception],
) -> Any:
    """The handler's answer, or its error as `fault(status, message, details)`.

    `status` is the name of a gRPC status in lower case with hyphens; `details` carries the code,
    the request id, what it means and what to do.
    """
    headers = request.raw_request.headers
    identifier = web.request_id(headers)
    language = messages.preferred(headers.get("Accept-Language"))
    with log.bound(**web.context(headers, identifier, handler.__name__, wiring.settings().project)):
        try:
            return handler(request)
        except PalierError as error:
            raised = error
        except Exception as error:
            log.exception("request crashed", error)
            raised = Internal("An unexpected error.")
    details = web.problem(raised, identifier, language)
    raise fault(raised.callable_status.lower().replace("_", "-"), details["message"], details)


def _uid(request: Request) -> str | None:
    return request.auth.uid if request.auth else None
