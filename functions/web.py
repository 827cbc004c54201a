"""What all HTTP routes share: request ids, limits, JSON bodies, and errors as problem+json.

request → request id and language → route → parse(model) → domain → answer or problem
"""

from __future__ import annotations

import json
import math
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

import flask
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, NotFound

from functions import errors, log, messages
from functions.description import Route, Surface, described
from functions.errors import InvalidArgument, PalierError, PayloadTooLarge

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

    Model = TypeVar("Model", bound=BaseModel)

MAXIMUM_BODY_BYTES = 256 * 1024
MAXIMUM_PROBLEMS = 10
MANY_PROBLEMS = 1_000
"""With more of them none is told: naming tens of thousands takes a fifth of a second."""

LONGEST_FIELD = 64
OWN = "Value error, "
"""What pydantic puts before a sentence of our own."""
REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
TRACE = re.compile(r"(?:00-)?([0-9a-f]{32})\b")
ANYTHING = {200: {"type": "object"}}
PROBLEM_TYPE = "application/problem+json"


def make_app(name: str, prefix: str, blueprints: Iterable[flask.Blueprint]) -> flask.Flask:
    """A Flask app of these routes. `prefix` is what Hosting puts before them."""
    app = flask.Flask(name, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAXIMUM_BODY_BYTES
    app.url_map.merge_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined]
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    app.register_error_handler(PalierError, answer_problem)
    app.register_error_handler(HTTPException, _answer_http_exception)
    app.register_error_handler(Exception, _answer_crash)
    app.wsgi_app = _without_prefix(app.wsgi_app, prefix)  # type: ignore[method-assign]
    app.after_request(_finish)
    return app


def refuse_strays(*functions: str) -> bool:
    """Makes the server's own app refuse as these functions do; False when it serves another.

    An address with a line break or an empty step never gets to a function: functions-framework's
    Flask app answers it, with a page of HTML or a redirection. Called while the bundle is loaded.
    """
    if not flask.has_app_context() or flask.current_app.name not in functions:
        return False
    flask.current_app.url_map.merge_slashes = False
    flask.current_app.register_error_handler(NotFound, _answer_stray)
    return True


def _answer_stray(error: NotFound) -> flask.Response:
    flask.request.environ["palier.request_id"] = request_id(flask.request.headers)
    return _finish(_answer_http_exception(error))


def serve_description(app: flask.Flask, surface: Surface, *, public: bool = False) -> None:
    """Answers `GET /openapi.json` with what the routes say of themselves."""
    built: list[bytes] = []  # the same for as long as the instance lives

    @app.get("/openapi.json")
    @described("This description", answers=ANYTHING, public=public, scoped=False)
    def description() -> flask.Response:
        from functions import openapi  # not needed by anybody else

        if not built:
            told = openapi.describe(surface, routes_of(app))
            built.append(json.dumps(told, ensure_ascii=False).encode())
        return flask.Response(built[0], mimetype="application/json")


def routes_of(app: flask.Flask) -> list[Route]:
    """What the app answers to."""
    return [
        Route(
            rule.rule,
            method,
            rule.endpoint,
            getattr(app.view_functions[rule.endpoint], "description", None),
        )
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def dispatch(
    application: Any, request: flask.Request, function: str, project: str
) -> flask.Response:
    """Answers a request of a Cloud Function by a WSGI application. `project` is where it runs."""
    identifier = request_id(request.headers)
    request.environ["palier.request_id"] = identifier
    with log.bound(**context(request.headers, identifier, function, project)):
        return cast(flask.Response, flask.Response.from_app(application, request.environ))


def context(headers: Headers, identifier: str, function: str, project: str) -> dict[str, str]:
    """The fields that every log line of a request carries; the trace as Cloud Logging links it."""
    fields = {"request_id": identifier, "function": function}
    trace = TRACE.match(headers.get("traceparent") or headers.get("X-Cloud-Trace-Context") or "")
    if trace:
        fields["logging.googleapis.com/trace"] = f"projects/{project}/traces/{trace.group(1)}"
    return fields


def request_id(headers: Headers) -> str:
    """The caller's X-Request-Id when it is well-formed, otherwise a new one."""
    given = headers.get("X-Request-Id") or ""
    return given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def current_request_id() -> str:
    return str(flask.request.environ.get("palier.request_id", ""))


def parse(model: type[Model], largest: int = MAXIMUM_BODY_BYTES) -> Model:
    """The JSON body as a model. Raises InvalidArgument that names the fields, not their values."""
    return validated(model, json_body(largest))


def json_body(largest: int = MAXIMUM_BODY_BYTES) -> Any:
    """The JSON body of the current request, of at most `largest` bytes.

    Raises InvalidArgument or PayloadTooLarge.
    """
    request = flask.request
    request.max_content_length = largest
    if not request.is_json:
        raise InvalidArgument(
            "The body is not JSON.", remedy="Send JSON with `Content-Type: application/json`."
        )
    try:
        text = request.get_data(cache=False)
    except HTTPException:
        raise
    except Exception as error:  # the server's: chunks that are none, a connection that ended
        raise InvalidArgument("The body could not be read to its end.") from error
    if request.content_length is None and len(text) >= largest:
        raise _too_large()  # a body without a declared length would be cut, not refused
    try:
        return json.loads(
            text.decode(),
            parse_constant=_refuse_constant,
            parse_float=_finite,
            object_pairs_hook=_each_once,
        )
    except (ValueError, RecursionError) as error:
        raise InvalidArgument("The body is not well-formed JSON in UTF-8.") from error


def _each_once(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    """Which of two is meant, nobody knows: readers of JSON differ."""
    found = dict(fields)
    if len(found) < len(fields):
        raise InvalidArgument("The body names a field twice.")
    return found


def _refuse_constant(name: str) -> Any:
    """Python reads NaN and Infinity; JSON has neither."""
    raise ValueError(name)


def _finite(text: str) -> float:
    """Python reads 1e999 as infinity, which can't be written as JSON again."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def list_limit(usual: int, largest: int) -> int:
    """How many items `?limit=` asks for. Raises InvalidArgument."""
    text = flask.request.args.get("limit", str(usual))
    limit = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= limit <= largest:
        raise InvalidArgument(f"`limit` is a whole number from 1 to {largest}.")
    return limit


def whole_number(name: str) -> int | None:
    """A query parameter that counts something from 1; None when it isn't given.

    Raises InvalidArgument.
    """
    text = flask.request.args.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16 and int(text) > 0):
        raise InvalidArgument(f"`{name}` is a whole number of at least 1.")
    return int(text)


def validated(model: type[Model], value: Any) -> Model:
    """`value` as a model, or InvalidArgument with the path and the expectation of each problem."""
    from pydantic import ValidationError  # not needed by the hot routes

    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _not_as_expected(error) from None


def _not_as_expected(error: ValidationError) -> InvalidArgument:
    count = error.error_count()
    if count > MANY_PROBLEMS:
        return InvalidArgument(f"The request is not as expected, in {count:,} places.")
    problems = [
        {"field": _path(item["loc"]), "expected": item["msg"].removeprefix(OWN)}
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ][:MAXIMUM_PROBLEMS]
    named = "; ".join(f"{item['field']}: {item['expected']}" for item in problems)
    return InvalidArgument(f"The request is not as expected. {named}", extra={"problems": problems})


def _path(location: tuple[int | str, ...]) -> str:
    """Where a problem is. An unknown field's name is the caller's own text, hence the cut."""
    return ".".join(str(step)[:LONGEST_FIELD] for step in location) or "(body)"


def answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Any:
    """A JSON answer."""
    response = flask.jsonify(value)
    response.status_code = status
    response.headers.update(headers or {})
    return response


def problem(error: PalierError, identifier: str, language: str) -> dict[str, Any]:
    """An error as RFC 9457 has it, with what end users read in `message`."""
    return {
        **error.extra,
        "type": f"urn:palier:error:{error.code.lower().replace('_', '-')}",
        "title": error.code.replace("_", " ").capitalize(),
        "status": error.http_status,
        "code": error.code,
        "detail": error.detail,
        "remedy": error.remedy,
        "message": messages.for_user(error, language),
        "request_id": identifier,
    }


def answer_problem(error: PalierError) -> flask.Response:
    language = messages.preferred(flask.request.headers.get("Accept-Language"))
    body = problem(error, current_request_id(), language)
    response = flask.Response(
        json.dumps(body, ensure_ascii=False), error.http_status, mimetype=PROBLEM_TYPE
    )
    if error.http_status == errors.Unauthenticated.http_status:
        response.headers["WWW-Authenticate"] = "Bearer"
    if "retry_after" in error.extra:
        response.headers["Retry-After"] = str(error.extra["retry_after"])
    return response


def _answer_http_exception(error: HTTPException) -> flask.Response:
    known: Mapping[int, Callable[[], PalierError]] = {
        404: lambda: errors.NotFound("There is nothing at this address."),
        405: lambda: errors.MethodNotAllowed("This address does not answer to this method."),
        413: _too_large,
    }
    make = known.get(error.code or 0)
    response = answer_problem(make() if make else InvalidArgument("The request is malformed."))
    allow = error.get_response().headers.get("Allow")
    if allow:
        response.headers["Allow"] = allow
    return response


def _too_large() -> PalierError:
    most = flask.request.max_content_length or MAXIMUM_BODY_BYTES
    return PayloadTooLarge(f"A body has at most {most:,} bytes.")


def _answer_crash(error: Exception) -> flask.Response:
    log.exception("request crashed", error)
    return answer_problem(errors.Internal("An unexpected error."))


def _finish(response: flask.Response) -> flask.Response:
    response.headers.setdefault("X-Request-Id", current_request_id())
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    return response


def _without_prefix(application: Any, prefix: str) -> Callable[..., Any]:
    def stripped(environ: dict[str, Any], start_response: Any) -> Any:
        path = environ.get("PATH_INFO", "")
        if path.startswith(prefix + "/"):
            environ = {**environ, "PATH_INFO": path[len(prefix) :]}
        return application(environ, start_response)

    return stripped
