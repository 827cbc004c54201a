"""What events of apps take from flags: who reports them, and whether a context can be used.

Authorization: Bearer sk.…      a server: believed
Authorization: Bearer pk.…      an app, by a key that anybody can read: only claimed
Authorization: Bearer ID_TOKEN  a signed-in user, in an app that App Check vouches for
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from werkzeug.datastructures import Headers

from functions.clock import Clock
from functions.documents import Scope
from functions.flags.clients.context import BadContext, checked_context
from functions.flags.clients.limits import Limits
from functions.flags.content import Snapshot
from functions.flags.keys import PREFIXES, Kind, check_key, from_headers
from functions.identity import Actor

APP_CHECK = "X-Firebase-AppCheck"


class Snapshots(Protocol):
    def get(self, scope: Scope, /) -> Snapshot: ...


@dataclass(frozen=True)
class Reporter:
    """`id` tells reporters apart and is no user's id; `user` is, None for a key."""

    scope: Scope
    id: str
    trusted: bool
    user: str | None = field(default=None, repr=False)


class Reporters:
    """Reads who sends from a request's headers."""

    def __init__(
        self,
        snapshots: Callable[[], Snapshots],
        clock: Clock,
        limits: Limits,
        scope: Scope,
        person: Callable[[str | None], Actor],
        app: Callable[[str | None], None],
    ) -> None:
        """`scope` is where users belong; `person` verifies an ID token, `app` one of App Check."""
        self._snapshots = snapshots
        self._clock = clock
        self._limits = limits
        self._scope = scope
        self._person = person
        self._app = app

    def read(self, headers: Headers) -> Reporter:
        """Raises Unauthenticated, RateLimited, StoreUnavailable."""
        authorization = headers.get("Authorization")
        if headers.get("X-API-Key") or not authorization or _is_key(authorization):
            reporter = self._by_key(authorization, headers.get("X-API-Key"))
        else:
            reporter = self._signed_in(authorization, headers.get(APP_CHECK))
        self._limits.take(reporter.id, self._clock.monotonic())
        return reporter

    def _by_key(self, authorization: str | None, api_key: str | None) -> Reporter:
        key = from_headers(authorization, api_key)
        check_key(key, self._snapshots().get(key.scope).keys, self._clock.now())
        return Reporter(key.scope, f"key {key.id}", trusted=key.kind is Kind.SECRET)

    def _signed_in(self, authorization: str, app_check: str | None) -> Reporter:
        uid = self._person(authorization).id
        self._app(app_check)
        user = self._snapshots().get(self._scope).user_hash(uid)
        return Reporter(self._scope, f"user {user}", trusted=True, user=uid)


def context_problem(context: Mapping[str, Any]) -> str | None:
    """Why flags can't be evaluated for a context; None when they can."""
    try:
        checked_context(context)
    except BadContext as error:
        return error.detail
    return None


def _is_key(authorization: str) -> bool:
    scheme, _, token = authorization.partition(" ")
    return scheme.lower() != "bearer" or token.strip().partition(".")[0] in PREFIXES
