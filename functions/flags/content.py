"""One generation of an environment, put together from its published parts. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from functions.documents import Scope
from functions.flags.compile import Evaluator, compile_flags
from functions.published import DECLARED, ENVIRONMENT, FLAGS, KEYS, NOTICES, SERVICES, Pointer

UNPUBLISHED_HASH_KEY = secrets.token_bytes(32)
"""Stands in until the environment has a key of its own: a hash of a user is never unkeyed."""

USER_HASH_LENGTH = 16


@dataclass(frozen=True)
class Snapshot:
    """What readers of an environment need. Immutable but for `memo`.

    `flags` is the flagd document behind `evaluator`; `client_keys` are the flags that publishable
    API keys may see; `descriptions` are texts by flag; `splits` say which flags are split and whose
    variants those are; `declared` are the metrics that apps may report; `notices` are for users;
    `published_at` is when this generation was (epoch seconds); `memo` keeps what readers derive
    from the flags, for as long as they stay.
    """

    application: str
    environment: str
    generation: int
    evaluator: Evaluator
    flags: Mapping[str, Any]
    client_keys: frozenset[str]
    services: Mapping[str, Any]
    keys: Mapping[str, Any]
    hash_key: bytes = field(repr=False)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    splits: Mapping[str, Any] = field(default_factory=dict)
    declared: Mapping[str, Any] = field(default_factory=dict)
    notices: Mapping[str, Any] = field(default_factory=dict)
    published_at: float = 0.0
    memo: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def scope(self) -> Scope:
        return Scope(self.application, self.environment)

    def user_hash(self, uid: str) -> str:
        """See the function of that name."""
        return user_hash(self.hash_key, uid)


class Content(NamedTuple):
    """A snapshot with the pointer and the parts (by hash) that it was made from."""

    pointer: Pointer
    parts: Mapping[str, Any]
    snapshot: Snapshot


def assemble(
    scope: Scope,
    pointer: Pointer,
    parts: Mapping[str, Any],
    previous: Content | None,
    now: Callable[[], float],
) -> Content:
    """The content of a generation. `parts` are the decoded parts by hash, old ones among them.

    Flags that have not changed since `previous` are not compiled again.
    """
    held = {digest: parts[digest] for digest in pointer.serving.values()}
    named = {name: held[digest] for name, digest in pointer.serving.items()}
    flags = named.get(FLAGS, {})
    document = flags.get("document", {"flags": {}})
    same = previous is not None and _flags_hash(previous.pointer) == _flags_hash(pointer)
    snapshot = Snapshot(
        application=scope.application,
        environment=scope.environment,
        generation=pointer.generation,
        evaluator=previous.snapshot.evaluator
        if previous and same
        else compile_flags(document, now=now),
        flags=document,
        client_keys=frozenset(flags.get("client", ())),
        services=named.get(SERVICES, {}),
        keys=named.get(KEYS, {}),
        hash_key=hash_key_of(named.get(ENVIRONMENT, {})),
        descriptions=flags.get("descriptions", {}),
        splits=flags.get("splits", {}),
        declared=named.get(DECLARED, {}),
        notices=named.get(NOTICES, {}),
        published_at=pointer.published_at,
        memo=previous.snapshot.memo if previous and same else {},
    )
    return Content(pointer, held, snapshot)


def hash_key_of(environment: Mapping[str, Any]) -> bytes:
    """The key of users' hashes in the published part of that name."""
    key = environment.get("hash_key")
    return base64.b64decode(key) if key else UNPUBLISHED_HASH_KEY


def user_hash(hash_key: bytes, uid: str) -> str:
    """16 hexadecimal characters that stand for a user in metrics: keyed, so not reversible."""
    digest = hmac.digest(hash_key, uid.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return digest.hex()[:USER_HASH_LENGTH]


def _flags_hash(pointer: Pointer) -> str | None:
    return pointer.parts.get(FLAGS)
