"""A local Palier with an application in it, as its administrator, its users and its operator."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from local import aimock, client, seed
from local.client import Admin, Person
from local.paths import ROOT
from local.stack import Stack

STABLE = seed.FIRST_VERSION
FLAG = "banner"
HIDDEN = "server-only"
DEFINITION: Mapping[str, Any] = {
    "state": "ENABLED",
    "variants": {"plain": "plain", "festive": "festive"},
    "defaultVariant": "plain",
    "targeting": {"if": [{"==": [{"var": "country"}, "FR"]}, "festive"]},
}
WISH = {"theme": "the lost lighthouse", "hero": "Mina"}


@dataclass(frozen=True)
class World:
    """`keys`: API keys by name: publishable, secret, and staging (publishable, of staging)."""

    stack: Stack
    http: httpx.Client
    administrator: Person
    admin: Admin
    keys: Mapping[str, str]

    @property
    def api(self) -> str:
        """As Hosting serves it."""
        return f"{self.stack.hosting_url}/api"

    def function(self, name: str) -> str:
        return self.stack.suite.function_url(name)

    def person(self) -> Person:
        """Somebody new."""
        return client.sign_up(self.http, self.stack.auth_url)

    def ask(
        self, method: str, url: str, token: str | None = None, **options: Any
    ) -> httpx.Response:
        """Any request; `token` goes into the Authorization header."""
        headers = options.pop("headers", {})
        if token:
            headers = {**headers, "Authorization": f"Bearer {token}"}
        return self.http.request(method, url, headers=headers, **options)

    def evaluate(self, key: str | None, context: Any, api_key: str | None = None) -> httpx.Response:
        """OFREP by way of Hosting: one flag, or all when `key` is None."""
        path = "/ofrep/v1/evaluate/flags" + (f"/{key}" if key else "")
        token = self.keys["publishable"] if api_key is None else api_key
        return self.ask("POST", f"{self.api}{path}", token, json={"context": context})

    def call(self, name: str, data: Any, person: Person | None = None) -> httpx.Response:
        """A callable, as the Firebase SDKs ask it."""
        token = person.token if person else None
        return self.ask("POST", self.function(name), token, json={"data": data})

    def palier(self, *words: str, token: str | None = None) -> subprocess.CompletedProcess[str]:
        """The command line, with the administrator's token unless another is given."""
        return subprocess.run(
            [sys.executable, "-m", "cli", *words],
            cwd=ROOT,
            env=self.typing(token),
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def typing(self, token: str | None = None) -> dict[str, str]:
        """The environment variables of who uses the command line."""
        return {
            **os.environ,
            **self.stack.suite.environment(),
            "PALIER_URL": self.stack.hosting_url,
            "PALIER_TOKEN": self.administrator.token if token is None else token,
        }

    @contextmanager
    def ticking(self) -> Iterator[None]:
        """One delivery of `tick` beside the block; it goes on as long as something is released."""
        statuses: list[int] = []
        thread = threading.Thread(target=lambda: statuses.append(self.stack.tick.run_now()))
        thread.start()
        try:
            yield
        finally:
            thread.join()
        assert statuses == [200]


def found(stack: Stack, http: httpx.Client) -> World:
    """The operator's way: `palier init`; then all by the admin API."""
    administrator = client.sign_up(http, stack.auth_url)
    admin = Admin(http, f"{stack.hosting_url}/api/admin", administrator)
    world = World(stack, http, administrator, admin, {})
    project = ("--project", stack.suite.project)
    where = ("--environment", "production", "--environment", "staging")
    who = ("--administrator", administrator.uid, "--reason", "end-to-end tests")
    for says in ("made", "is there"):  # may be repeated
        done = world.palier("init", *project, *where, *who)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count(f": {says}\n") == 3, done.stdout
    seed.create_version(admin, STABLE, aimock.HEALTHY_MODEL)
    for key, client_sees in ((FLAG, True), (HIDDEN, False)):
        body = {"key": key, "definition": DEFINITION, "client": client_sees, "reason": "a test"}
        admin.post("/v1/flags", body)
    named = {"reason": "a test", "label": "tests"}
    keys = {
        kind: admin.post("/v1/keys", {"kind": kind, **named})["key"]
        for kind in ("publishable", "secret")
    }
    staging = {"kind": "publishable", **named}
    keys["staging"] = admin.post("/v1/keys?environment=staging", staging)["key"]
    return World(stack, http, administrator, admin, keys)


def until(condition: Callable[[], bool], seconds: float, pause: float = 0.1) -> float:
    """Waits for it; how long it took. Fails after `seconds`."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(pause)
    return time.monotonic() - began
