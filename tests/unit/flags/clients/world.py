"""The hot routes without a server and without Firestore, asked as apps ask them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.test import Client, TestResponse

from functions.clock import ManualClock
from functions.documents import Scope
from functions.flags.clients.hot import HotRoutes
from functions.flags.clients.limits import Limits
from functions.flags.clients.ofrep import BASE
from functions.flags.clients.tally import Tally
from functions.flags.content import Snapshot
from functions.flags.keys import ApiKey, Kind, new_key

SCOPE = Scope("main", "staging")
SERVER_ONLY = "server-only"


class Held:
    """Hands out one snapshot, whatever the environment; or fails."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.fails: Exception | None = None

    def get(self, scope: Scope) -> Snapshot:
        if self.fails:
            raise self.fails
        assert scope == SCOPE
        return self.snapshot


class Counted:
    """Counts, and writes nothing."""

    def __init__(self) -> None:
        self.counts = Tally()

    def tally(self, _snapshot: Snapshot) -> Tally:
        return self.counts

    def write_when_due(self) -> None:
        pass


class Api:
    """A client of the hot routes, with both kinds of keys."""

    def __init__(
        self,
        make_snapshot: Callable[..., Snapshot],
        flags: dict[str, Any],
        origins: tuple[str, ...] = ("*",),
        per_second: float = 0,
        document: Mapping[str, Any] | None = None,
    ) -> None:
        self.secret = new_key(Kind.SECRET, SCOPE)
        self.publishable = new_key(Kind.PUBLISHABLE, SCOPE)
        keys = {key.id: key.record() for key in (self.secret, self.publishable)}
        client = [key for key in flags if key != SERVER_ONLY]
        self.held = Held(make_snapshot(flags, client, keys, **(document or {})))
        self.usage = Counted()
        self.clock = ManualClock()
        self.hot = HotRoutes(
            elsewhere,
            lambda: self.held,
            lambda: self.usage,
            self.clock,
            limits=Limits(per_second),
            allowed_origins=origins,
        )
        self.client = Client(self.hot)

    def post(
        self, path: str = "", body: Any = None, key: ApiKey | None = None, **headers: str
    ) -> TestResponse:
        data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        return self.client.post(BASE + path, data=data, headers=self._headers(key, headers))

    def get(
        self, path: str, key: ApiKey | None = None, method: str = "GET", **headers: str
    ) -> TestResponse:
        return self.client.open(path, method=method, headers=self._headers(key, headers))

    def _headers(self, key: ApiKey | None, headers: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return {"Authorization": f"Bearer {(key or self.secret).text()}", **named}


def flag(variants: dict[str, Any], default: str | None, **more: Any) -> dict[str, Any]:
    return {"state": "ENABLED", "variants": variants, "defaultVariant": default, **more}


def elsewhere(_environ: Any, start_response: Any) -> list[bytes]:
    start_response("418 Elsewhere", [])
    return [b"elsewhere"]
