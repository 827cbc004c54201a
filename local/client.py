"""A client of a local Palier: people who sign in, the callables, and the admin API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

SIGN_UP = "identitytoolkit.googleapis.com/v1/accounts:signUp?key=local"
SECONDS = 40.0


class RefusedError(Exception):
    """Palier answered with an error. `problem` is its body."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{problem.get('code', status)}: {problem.get('detail', problem)}")
        self.status = status
        self.problem = problem


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    uid: str
    token: str


def connect() -> httpx.Client:
    """A connection a call: the emulators close idle ones without a word."""
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.Client(timeout=SECONDS, limits=limits, trust_env=False)


def sign_up(http: httpx.Client, auth_url: str, email: str = "", password: str = "") -> Person:
    """A new user of the Auth emulator; anonymous without an address."""
    named = {"email": email, "password": password} if email else {}
    answer = http.post(f"{auth_url}/{SIGN_UP}", json={"returnSecureToken": True, **named})
    answer.raise_for_status()
    body = answer.json()
    return Person(body["localId"], body["idToken"])


def call(http: httpx.Client, url: str, data: Mapping[str, Any], person: Person) -> Any:
    """What a callable answers, as the Firebase SDKs ask it. Raises RefusedError."""
    asked, headers = {"data": data}, {"Authorization": f"Bearer {person.token}"}
    answer = http.post(url, json=asked, headers=headers)
    if _broken(answer):
        answer = http.post(url, json=asked, headers=headers)
    body = _json(answer)
    if "error" in body or answer.status_code >= 400:
        error = body.get("error", {})
        raise RefusedError(answer.status_code, error.get("details") or error)
    return body["result"]


@dataclass(frozen=True)
class Admin:
    """The admin API, in the name of a person. `url` is the function's, or Hosting's."""

    http: httpx.Client
    url: str
    person: Person

    def get(self, path: str) -> Any:
        return self._ask("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        headers = {"Authorization": f"Bearer {self.person.token}"}
        answer = self.http.request(method, f"{self.url}{path}", json=body, headers=headers)
        content = _json(answer)
        if answer.status_code >= 400:
            raise RefusedError(answer.status_code, content)
        return content


def _broken(answer: httpx.Response) -> bool:
    """The functions' emulator lost its own connection to an instance, and answers in its place. It
    reuses idle connections that an instance may close at that moment; no instance was asked."""
    return answer.status_code == 500 and _json(answer).get("code") == "ECONNRESET"


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        body = None
    return body if isinstance(body, dict) else {"detail": answer.text[:200]}
