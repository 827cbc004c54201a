"""WSGI for the hot routes, with no framework in between: reading a request, sending an answer, and
what browsers of other origins want to hear (Fetch standard, CORS protocol)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import flask

from functions.errors import InvalidArgument, PayloadTooLarge
from functions.flags.clients.answer import Answer
from functions.web import REQUEST_ID

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

PREFIX = "/api"
STATUS_LINES: Mapping[int, str] = {
    status.value: f"{status.value} {status.phrase}" for status in HTTPStatus
}
ALLOWED_HEADERS = "Content-Type, Authorization, X-API-Key, If-None-Match, X-Request-Id, traceparent"
EXPOSED_HEADERS = "ETag, Retry-After, X-Request-Id"
PREFLIGHT_SECONDS = "7200"


class Sender:
    """Sends answers, with the headers that all of them have."""

    def __init__(self, allowed_origins: Sequence[str]) -> None:
        self._any_origin = "*" in allowed_origins
        self._origins = frozenset(allowed_origins)

    def send(
        self, environ: Environ, start_response: StartResponse, answer: Answer, identifier: str
    ) -> Iterable[bytes]:
        start_response(STATUS_LINES[answer.status], self._headers(environ, answer, identifier))
        return [answer.body] if answer.body and environ["REQUEST_METHOD"] != "HEAD" else []

    def _headers(self, environ: Environ, answer: Answer, identifier: str) -> list[tuple[str, str]]:
        headers = [
            ("X-Request-Id", identifier),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "private, no-cache"),
            ("Access-Control-Expose-Headers", EXPOSED_HEADERS),
        ]
        if answer.status not in (204, 304):
            headers.append(("Content-Type", answer.content_type))
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


def preflight(methods: str) -> Answer:
    """To a browser that asks what it may send."""
    return Answer(
        204,
        b"",
        {
            "Access-Control-Allow-Methods": methods,
            "Access-Control-Allow-Headers": ALLOWED_HEADERS,
            "Access-Control-Max-Age": PREFLIGHT_SECONDS,
        },
    )


def path_of(environ: Environ) -> str:
    """The path, without what Hosting puts before it; as bytes in latin-1 (PEP 3333)."""
    path: str = environ.get("PATH_INFO", "")
    return path[len(PREFIX) :] if path.startswith(PREFIX + "/") else path


def decoded(path: str) -> str:
    return path.encode("latin-1", "replace").decode("utf-8", "replace")


def request_id(environ: Environ) -> str:
    """The caller's, when it is well-formed. Else a new one, unlike uuid4 without a call into the
    system: an id need not be a secret."""
    given: str = environ.get("HTTP_X_REQUEST_ID", "")
    return given if REQUEST_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"


def read_body(environ: Environ, maximum: int) -> bytes:
    """The body, refused by its declared length before it is read.

    Raises PayloadTooLarge, or InvalidArgument (chunks that are none, a connection that ended).
    """
    declared = environ.get("CONTENT_LENGTH")
    if declared:
        counts = declared.isascii() and declared.isdigit() and len(declared) < 10
        size = int(declared) if counts else maximum + 1
        if size <= maximum:
            return _read(environ, size)
    elif "chunked" not in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        return b""
    else:
        body = _read(environ, maximum + 1)
        if len(body) <= maximum:
            return body
    raise PayloadTooLarge(f"An evaluation's body has at most {maximum:,} bytes.")


def _read(environ: Environ, size: int) -> bytes:
    try:
        return bytes(environ["wsgi.input"].read(size))
    except Exception as error:  # each server has its own
        raise InvalidArgument("The body could not be read to its end.") from error


def put_ahead(function: str, build: Callable[[Application], Application]) -> bool:
    """Puts the hot routes before the app that serves `function`; False when it isn't that one.

    functions-framework loads `main.py` inside the context of the Flask app that it serves it with.
    Anything else that imports it (the discovery at deploy time, a test) has no such app, and the
    routes then stay where the function itself has put them.
    """
    if not flask.has_app_context() or flask.current_app.name != function:
        return False
    app = flask.current_app
    app.wsgi_app = build(app.wsgi_app)  # type: ignore[method-assign, assignment]
    return True
