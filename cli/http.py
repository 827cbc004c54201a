"""The bundle over HTTP, by the standard library."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cli.answer import USAGE, Failed

SECONDS = 70.0  # the functions themselves give up after 60
ADMIN = "/api/admin"
PUBLIC = "/api/v1"
PAGE = 500


@dataclass(frozen=True)
class Bundle:
    """A bundle as Hosting serves it. `scope` goes into the query: application, environment."""

    url: str
    token: str = field(repr=False)
    scope: Mapping[str, str] = field(default_factory=dict)

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """From the admin API. Raises Failed."""
        return self._admin("GET", path, None, query)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """To the admin API. Raises Failed."""
        return self._admin("POST", path, body, None)

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """To the admin API, in place of what is there. Raises Failed."""
        return self._admin("PUT", path, body, None)

    def delete(self, path: str, body: Mapping[str, Any]) -> Any:
        """From the admin API, for good. Raises Failed."""
        return self._admin("DELETE", path, body, None)

    def all_by_key(self, path: str, name: str) -> list[Any]:
        """All that the admin API lists by key. Raises Failed."""
        return [item for page in self.pages(path, name) for item in page[name]]

    def pages(self, path: str, name: str) -> Iterator[Any]:
        """The answers that hold them, one at least. Raises Failed."""
        query = {"limit": str(PAGE)}
        while True:
            page = self.get(path, query)
            yield page
            if len(page[name]) < PAGE:
                return
            query["after"] = page[name][-1]["key"]

    def health(self) -> tuple[int, Any]:
        """HTTP status and body, whatever the state. Raises Failed when there is no such answer."""
        status, body = _ask("GET", f"{self.url}{PUBLIC}/health", {}, None)
        if "status" not in body or "generation" not in body:
            raise Failed(_problem(status, body))
        return status, body

    def _admin(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        query: Mapping[str, str] | None,
    ) -> Any:
        from urllib.parse import urlencode

        if not self.token:
            raise Failed(
                {
                    "detail": "No ID token was given.",
                    "remedy": "Put the Firebase ID token of a person who may do this into "
                    "PALIER_TOKEN.",
                },
                USAGE,
            )
        asked = urlencode({**self.scope, **(query or {})})
        url = f"{self.url}{ADMIN}{path}" + (f"?{asked}" if asked else "")
        status, found = _ask(method, url, {"Authorization": f"Bearer {self.token}"}, body)
        if status >= 400:
            raise Failed(_problem(status, found))
        return found


def step(name: str) -> str:
    """A name as one step of a path."""
    from urllib.parse import quote

    return quote(name, safe="")


def _ask(
    method: str, url: str, headers: Mapping[str, str], body: Mapping[str, Any] | None
) -> tuple[int, dict[str, Any]]:
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json", **headers}, method=method)  # noqa: S310
    try:
        with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            return answer.status, _json(answer.read())
    except HTTPError as error:
        with error:
            return error.code, _json(error.read())
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise Failed(
            {
                "detail": f"{url.partition('?')[0]} can't be reached: {reason}",
                "remedy": "Check --url (or PALIER_URL) and the network.",
            }
        ) from error


def _json(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def _problem(status: int, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The API's own problem, or words for an answer that doesn't come from it."""
    if "code" in body and "detail" in body:
        return body
    return {
        "detail": f"The answer (HTTP {status}) does not come from Palier.",
        "remedy": "Give the address that Hosting serves the bundle at, without a path.",
    }
