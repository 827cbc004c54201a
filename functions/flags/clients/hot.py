"""The hot routes, answered ahead of Flask: a Flask dispatch costs more than evaluating.

    request → route? → API key → snapshot → limit → the route's answer → counts, when due
            → none: handed on

`HotRoutes` is a WSGI application in front of another one. Placed before functions-framework's own
Flask app it saves that dispatch too; placed inside a function it answers just the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from functions import log, messages, web
from functions.clock import Clock
from functions.documents import Scope
from functions.errors import Internal, MethodNotAllowed, PalierError
from functions.flags.clients import flagd, manifest, notices, ofrep
from functions.flags.clients.answer import Answer
from functions.flags.clients.context import MAXIMUM_BODY_BYTES
from functions.flags.clients.limits import Limits
from functions.flags.clients.tally import Tally
from functions.flags.clients.wsgi import (
    Application,
    Environ,
    Sender,
    StartResponse,
    decoded,
    path_of,
    preflight,
    read_body,
    request_id,
)
from functions.flags.content import Snapshot
from functions.flags.counts import CODE_DEFAULT, SYNCED
from functions.flags.keys import Kind, check_key, from_headers


class Snapshots(Protocol):
    def get(self, scope: Scope) -> Snapshot: ...


class Usage(Protocol):
    def tally(self, snapshot: Snapshot) -> Tally: ...

    def write_when_due(self) -> None: ...


class Served(NamedTuple):
    """What a route answers from: the snapshot that the API key opens, where it counts, and when."""

    snapshot: Snapshot
    kind: Kind
    tally: Tally
    now: float


class Route(Protocol):
    @property
    def methods(self) -> tuple[str, ...]: ...

    def answer(self, served: Served, environ: Environ, /) -> Answer: ...

    def refusal(self, error: PalierError, environ: Environ, identifier: str, /) -> Answer: ...


class OneFlag:
    """`POST /ofrep/v1/evaluate/flags/{key}`."""

    methods = ("POST", "OPTIONS")

    def __init__(self, key: str) -> None:
        self._key = key

    def answer(self, served: Served, environ: Environ) -> Answer:
        body = read_body(environ, MAXIMUM_BODY_BYTES)
        return ofrep.evaluate_one(served.snapshot, served.tally, served.kind, self._key, body)

    def refusal(self, error: PalierError, _environ: Environ, _identifier: str) -> Answer:
        return ofrep.refusal(error, self._key)


class AllFlags:
    """`POST /ofrep/v1/evaluate/flags`. What its query may say (`flagConfigEtag` and
    `flagConfigLastModified`, of an event that told of a change) needs no look: an answer is never
    older than two seconds."""

    methods = ("POST", "OPTIONS")

    def answer(self, served: Served, environ: Environ) -> Answer:
        body = read_body(environ, MAXIMUM_BODY_BYTES)
        given = environ.get("HTTP_IF_NONE_MATCH")
        return ofrep.evaluate_all(served.snapshot, served.tally, served.kind, body, given)

    def refusal(self, error: PalierError, _environ: Environ, _identifier: str) -> Answer:
        return ofrep.refusal(error)


class Document:
    """A document to GET, with its ETag. `counted` is what its readers are counted as."""

    methods = ("GET", "HEAD", "OPTIONS")

    def __init__(
        self, read: Callable[[Snapshot, Kind, str | None], Answer], counted: str | None = None
    ) -> None:
        self._read = read
        self._counted = counted

    def answer(self, served: Served, environ: Environ) -> Answer:
        answer = self._read(served.snapshot, served.kind, environ.get("HTTP_IF_NONE_MATCH"))
        if self._counted:
            served.tally.counter(self._counted, CODE_DEFAULT)()
        return answer

    def refusal(self, error: PalierError, environ: Environ, identifier: str) -> Answer:
        language = messages.preferred(environ.get("HTTP_ACCEPT_LANGUAGE"))
        problem = json.dumps(web.problem(error, identifier, language), ensure_ascii=False)
        return Answer(error.http_status, problem.encode(), content_type=web.PROBLEM_TYPE)


class Notices(Document):
    """A document that changes with time as well."""

    def __init__(self) -> None:
        pass

    def answer(self, served: Served, environ: Environ) -> Answer:
        given = environ.get("HTTP_IF_NONE_MATCH")
        return notices.notices(served.snapshot, served.kind, served.now, given)


ALL_FLAGS = AllFlags()
DOCUMENTS: Mapping[str, Route] = {
    flagd.PATH: Document(flagd.sync, SYNCED),
    manifest.PATH: Document(manifest.manifest),
    notices.PATH: Notices(),
}


def route_of(path: str) -> Route | None:
    if not path.startswith(ofrep.BASE):
        return DOCUMENTS.get(path)
    rest = path[len(ofrep.BASE) :]
    if rest in ("", "/"):
        return ALL_FLAGS
    return OneFlag(decoded(rest[1:])) if rest.startswith("/") else None


class HotRoutes:
    """Answers the hot routes; everything else goes to `application`.

    `snapshots` and `usage` are called at each request, so that clients are built when they are
    first needed.
    """

    def __init__(
        self,
        application: Application,
        snapshots: Callable[[], Snapshots],
        usage: Callable[[], Usage],
        clock: Clock,
        *,
        limits: Limits,
        allowed_origins: Sequence[str] = ("*",),
        function: str = "api",
    ) -> None:
        self._application = application
        self._snapshots = snapshots
        self._usage = usage
        self._clock = clock
        self._limits = limits
        self._sender = Sender(allowed_origins)
        self._function = function

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        route = route_of(path_of(environ))
        if route is None:
            return self._application(environ, start_response)
        identifier = request_id(environ)
        answer = self._guarded(route, environ, identifier)
        return self._sender.send(environ, start_response, answer, identifier)

    def _guarded(self, route: Route, environ: Environ, identifier: str) -> Answer:
        try:
            return self._answer(route, environ)
        except PalierError as refused:
            error = refused
            if error.http_status >= 500:
                with log.bound(request_id=identifier, function=self._function):
                    log.warning("evaluation refused", code=error.code)
        except Exception as crash:  # the last resort: a clear 500, and the place in the log
            error = Internal("An unexpected error.")
            with log.bound(request_id=identifier, function=self._function):
                log.exception("request crashed", crash)
        answer = route.refusal(error, environ, identifier)
        return answer._replace(headers=_headers(error, route))

    def _answer(self, route: Route, environ: Environ) -> Answer:
        method = environ["REQUEST_METHOD"]
        if method == "OPTIONS":
            return preflight(", ".join(route.methods))
        if method not in route.methods:
            raise MethodNotAllowed("This address does not answer to this method.")
        key = from_headers(environ.get("HTTP_AUTHORIZATION"), environ.get("HTTP_X_API_KEY"))
        snapshot = self._snapshots().get(key.scope)
        now = self._clock.now()
        check_key(key, snapshot.keys, now)
        self._limits.take(key.id, self._clock.monotonic())
        usage = self._usage()
        answer = route.answer(Served(snapshot, key.kind, usage.tally(snapshot), now), environ)
        usage.write_when_due()
        return answer


def _headers(error: PalierError, route: Route) -> dict[str, str]:
    """What a refusal says beside its body."""
    if error.http_status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if error.http_status == 405:
        return {"Allow": ", ".join(route.methods)}
    if error.http_status in (429, 503):
        return {"Retry-After": str(error.extra.get("retry_after", 1))}
    return {}
