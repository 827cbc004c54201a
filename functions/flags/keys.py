"""API keys: `pk.APPLICATION.ENVIRONMENT.ID.SECRET`, or `sk.…`.

A publishable key (pk) stands in apps and web pages: it sees only flags marked for clients. A secret
key (sk) stays on servers and sees all. The secret half is stored hashed and published with the
snapshot, so that a key is checked in memory. 256 random bits need no slow hash.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from functions.documents import Scope
from functions.errors import Unauthenticated

MAXIMUM_LENGTH = 200
ID = r"[0-9a-f]{12}"
_KEY = (  # compiled when first needed: api starts faster
    r"(pk|sk)\.([a-z][a-z0-9-]{0,38})\.([a-z][a-z0-9-]{0,38})\.([0-9a-f]{12})\.([A-Za-z0-9_-]{43})"
)
_NOBODY = "0" * 64


class Kind(StrEnum):
    """Who may hold a key, and so what it may see."""

    PUBLISHABLE = "publishable"
    SECRET = "secret"  # noqa: S105 a kind of key, not a key


PREFIXES: Mapping[str, Kind] = {"pk": Kind.PUBLISHABLE, "sk": Kind.SECRET}


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as somebody presents it: not known to be genuine yet."""

    kind: Kind
    scope: Scope
    id: str
    secret: str = field(repr=False)

    def text(self) -> str:
        """The key as it is handed out, once."""
        prefix = "pk" if self.kind is Kind.PUBLISHABLE else "sk"
        return ".".join(
            (prefix, self.scope.application, self.scope.environment, self.id, self.secret)
        )

    def hash(self) -> str:
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def record(self, expires_at: float | None = None) -> dict[str, Any]:
        """What is published: enough to check the key, not enough to use it."""
        return {"hash": self.hash(), "kind": str(self.kind), "expires_at": expires_at}


def new_key(kind: Kind, scope: Scope) -> ApiKey:
    """A key that nobody has seen yet."""
    return ApiKey(kind, scope, secrets.token_hex(6), secrets.token_urlsafe(32))


def parse_key(text: str | None) -> ApiKey:
    """The key that a header holds. Raises Unauthenticated."""
    match = re.fullmatch(_KEY, text) if text and len(text) <= MAXIMUM_LENGTH else None
    if match is None:
        raise Unauthenticated(
            "An API key is missing or malformed.",
            remedy="Send `Authorization: Bearer KEY` or `X-API-Key: KEY`.",
        )
    prefix, application, environment, identifier, secret = match.groups()
    return ApiKey(PREFIXES[prefix], Scope(application, environment), identifier, secret)


def check_key(key: ApiKey, published: Mapping[str, Any], now: float) -> None:
    """Raises Unauthenticated unless the key is genuine, not revoked and not expired.

    `published` is the part "keys" of the key's own environment.
    """
    record = published.get(key.id) or {}
    genuine = hmac.compare_digest(key.hash(), str(record.get("hash", _NOBODY)))
    expires_at = record.get("expires_at")
    expired = expires_at is not None and expires_at <= now
    if not genuine or record.get("kind") != key.kind or expired:
        raise Unauthenticated("The API key is not valid, was revoked or has expired.")


def from_headers(authorization: str | None, api_key: str | None) -> ApiKey:
    """The key of a request: a bearer token, or the header X-API-Key. Raises Unauthenticated."""
    if authorization:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() == "bearer":
            return parse_key(token.strip())
    return parse_key(api_key)
