"""What the hot routes answer with, and what they share in making it. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

JSON = "application/json"
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Answer(NamedTuple):
    """What goes back over HTTP."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = NO_HEADERS
    content_type: str = JSON


def tagged(body: bytes, tag: str, if_none_match: str | None) -> Answer:
    """The body with its ETag; 304 when the caller has just this already."""
    if if_none_match and matches(if_none_match, tag):
        return Answer(304, b"", {"ETag": tag})
    return Answer(200, body, {"ETag": tag})


def tag_of(body: bytes) -> str:
    """A strong ETag: a hash of the body."""
    return f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'


def matches(if_none_match: str, tag: str) -> bool:
    """RFC 9110, 13.1.2: a weak comparison, since a proxy that compresses weakens the tag."""
    if if_none_match.strip() == "*":
        return True
    return tag in [each.strip().removeprefix("W/") for each in if_none_match.split(",")]


def to_json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # whole numbers beyond 64 bits, half of a surrogate pair
        return json.dumps(value).encode()
