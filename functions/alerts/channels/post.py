"""One request to a receiver: every channel but e-mail is a POST of JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Post:
    """`url` and `headers` may hold secrets."""

    url: str
    headers: Mapping[str, str]
    body: bytes
