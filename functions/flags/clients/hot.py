"""The hot routes over HTTP, answered ahead of Flask: a Flask dispatch costs more than evaluating.

`HotRoutes` is a WSGI application in front of another one. It answers OFREP and hands everything
else on. Placed before functions-framework's own Flask app it saves that dispatch too; placed inside
a function it answers just the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import flask

from functions import log
from functions.clock import Clock
from functions.documents import Scope
from functions.errors import MethodNotAllowed, PalierError, PayloadTooLarge
from functions.flags.clients import ofrep
from functions.flags.clients.ofrep import Answer
from functions.flags.content import Snapshot
from functions.flags.evaluation import GENERAL
from functions.flags.keys import check_key, from_headers
from functions.web import REQUEST_ID

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

PREFIX = "/api"
STATUS_LINES: Mapping[int, str] = {
    200: "200 OK",
    204: "204 No Content",
    304: "304 Not Modified",
    400: "400 Bad Request",
    401: "401 Unauthorized",
    403: "403 Forbidden",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    413: "413 Content Too Large",
    429: "429 Too Many Requests",
    500: "500 Internal Server Error",
    503: "503 Service Unavailable",
}
ALLOWED_METHODS = "POST, OPTIONS"
ALLOWED_HEADERS = "Content-Type, Authorization, X-API-Key, If-None-Match, X-Request-Id, traceparent"
EXPOSED_HEADERS = "ETag, Retry-After, X-Request-Id"
PREFLIGHT_SECONDS = "7200"


class Snapshots(Protocol):
    def get(self, scope: Scope) -> Snapshot: ...


class HotRoutes:
    """Answers OFREP; everything else goes to `application`.

    `snapshots` is called at each request, so that clients are built when they are first needed.
    """

    def __init__(
        self,
        application: Application,
        snapshots: Callable[[], Snapshots],
        clock: Clock,
        allowed_origins: Sequence[str] = ("*",),
        function: str = "api",
    ) -> None:
        self._application = application
        self._snapshots = snapshots
        self._clock = clock
        self._any_origin = "*" in allowed_origins
        self._origins = frozenset(allowed_origins)
        self._function = function

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if path.startswith(PREFIX + "/"):
            path = path[len(PREFIX) :]
        if not path.startswith(ofrep.BASE):
            return self._application(environ, start_response)
        rest = path[len(ofrep.BASE) :]
        if rest and not rest.startswith("/"):
            return self._application(environ, start_response)
        key = _decoded(rest[1:]) if rest else None
        identifier = _request_id(environ.get("HTTP_X_REQUEST_ID", ""))
        answer = self._guarded(environ, key, identifier)
        headers = self._headers(environ, answer, identifier)
        start_response(STATUS_LINES[answer.status], headers)
        return [answer.body] if answer.body else []

    def _guarded(self, environ: Environ, key: str | None, identifier: str) -> Answer:
        try:
            return self._answer(environ, key)
        except PalierError as error:
            if error.http_status >= 500:
                with log.bound(request_id=identifier, function=self._function):
                    log.warning("evaluation refused", code=error.code)
            return ofrep.refusal(error, key)
        except Exception as error:  # the last resort: a clear 500, and the place in the log
            with log.bound(request_id=identifier, function=self._function):
                log.exception("request crashed", error)
            return ofrep.failure(500, GENERAL, "An unexpected error.", key)

    def _answer(self, environ: Environ, key: str | None) -> Answer:
        method = environ["REQUEST_METHOD"]
        if method == "OPTIONS":
            return _preflight()
        if method != "POST":
            refused = MethodNotAllowed("Flags are evaluated by POST.")
            return ofrep.failure(405, GENERAL, refused.detail, key, {"Allow": ALLOWED_METHODS})
        api_key = from_headers(environ.get("HTTP_AUTHORIZATION"), environ.get("HTTP_X_API_KEY"))
        snapshot = self._snapshots().get(api_key.scope)
        check_key(api_key, snapshot.keys, self._clock.now())
        body = _read(environ)
        if key is not None:
            return ofrep.evaluate_one(snapshot, api_key.kind, key, body)
        given = environ.get("HTTP_IF_NONE_MATCH")
        return ofrep.evaluate_all(snapshot, api_key.kind, body, given)

    def _headers(self, environ: Environ, answer: Answer, identifier: str) -> list[tuple[str, str]]:
        headers = [
            ("X-Request-Id", identifier),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "private, no-cache"),
            ("Access-Control-Expose-Headers", EXPOSED_HEADERS),
        ]
        if answer.status not in (204, 304):
            headers.append(("Content-Type", "application/json"))
            headers.append(("Content-Length", str(len(answer.body))))
        if self._any_origin:
            headers.append(("Access-Control-Allow-Origin", "*"))
        else:
            headers.append(("Vary", "Origin"))
            origin = environ.get("HTTP_ORIGIN")
            if origin in self._origins:
                headers.append(("Access-Control-Allow-Origin", origin))
        headers.extend(answer.headers.items())
        return headers


def put_ahead(function: str, build: Callable[[Application], HotRoutes]) -> bool:
    """Puts the hot routes before the app that serves `function`; False when it isn't that one.

    functions-framework loads `main.py` inside the context of the Flask app that it serves it with.
    Anything else that imports it (the discovery at deploy time, a test) has no such app, and the
    routes then stay where the function itself has put them.
    """
    if not flask.has_app_context() or flask.current_app.name != function:
        return False
    app = flask.current_app
    app.wsgi_app = build(app.wsgi_app)  # type: ignore[method-assign]
    return True


def _request_id(given: str) -> str:
    # Unlike uuid4, without a call into the system: an id need not be a secret.
    return given if REQUEST_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"


def _preflight() -> Answer:
    return Answer(
        204,
        b"",
        {
            "Access-Control-Allow-Methods": ALLOWED_METHODS,
            "Access-Control-Allow-Headers": ALLOWED_HEADERS,
            "Access-Control-Max-Age": PREFLIGHT_SECONDS,
        },
    )


def _read(environ: Environ) -> bytes:
    """The body, refused by its declared length before it is read. Raises PayloadTooLarge."""
    declared = environ.get("CONTENT_LENGTH")
    stream = environ["wsgi.input"]
    if declared:
        size = int(declared) if declared.isdigit() else ofrep.MAXIMUM_BODY_BYTES + 1
        if size <= ofrep.MAXIMUM_BODY_BYTES:
            return bytes(stream.read(size))
    elif "chunked" not in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        return b""
    else:
        body = bytes(stream.read(ofrep.MAXIMUM_BODY_BYTES + 1))
        if len(body) <= ofrep.MAXIMUM_BODY_BYTES:
            return body
    raise PayloadTooLarge(f"An evaluation's body has at most {ofrep.MAXIMUM_BODY_BYTES:,} bytes.")


def _decoded(path: str) -> str:
    """WSGI hands paths as bytes in latin-1 (PEP 3333)."""
    return path.encode("latin-1", "replace").decode("utf-8", "replace")
