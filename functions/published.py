"""What readers of an environment need, compiled: a small pointer and immutable parts.

The pointer says which generation is current and which parts it is made of. A part is named by the
hash of its content, so a reader fetches only what has changed. Pure: no I/O.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.errors import PayloadTooLarge

MAXIMUM_PART_BYTES = 900_000
"""A Firestore document holds 1 MiB; some 20,000 flags of usual size fit, compressed."""

FLAGS = "flags"
SERVICES = "services"
KEYS = "keys"
ENVIRONMENT = "environment"
DECLARED = "declared"
NOTICES = "notices"
SERVING = frozenset({FLAGS, SERVICES, KEYS, ENVIRONMENT, DECLARED, NOTICES})
"""The parts that requests of apps are served from; the others are for the control loop."""


@dataclass(frozen=True)
class Pointer:
    """`generation` rises by one with every change; `parts` maps a part's name to its hash;
    `published_at` is when (epoch seconds), 0 where nobody said."""

    generation: int
    parts: Mapping[str, str]
    published_at: float = field(default=0.0, compare=False)

    @property
    def serving(self) -> Mapping[str, str]:
        """The parts that requests of apps are served from."""
        return {name: digest for name, digest in self.parts.items() if name in SERVING}

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Pointer:
        at = data.get("published_at")
        return Pointer(int(data["generation"]), dict(data["parts"]), at.timestamp() if at else 0.0)

    def to_document(self, now: float) -> dict[str, Any]:
        return {
            "generation": self.generation,
            "parts": dict(self.parts),
            "published_at": timestamp(now),
        }


EMPTY = Pointer(0, {})

UNREADABLE = (KeyError, TypeError, ValueError, zlib.error)
"""What reading a part that was damaged raises."""


def encode_part(name: str, content: Any, now: float, salt: str = "") -> tuple[str, dict[str, Any]]:
    """The hash and the document of a part. Raises PayloadTooLarge past MAXIMUM_PART_BYTES.

    With a salt the same content gets another hash.
    """
    text = canonical(content).encode()
    body = zlib.compress(text)
    if len(body) > MAXIMUM_PART_BYTES:
        raise PayloadTooLarge(
            f"The {name} of this environment take {len(body):,} bytes compressed; "
            f"{MAXIMUM_PART_BYTES:,} fit into one snapshot.",
            remedy="Archive flags that are no longer used.",
        )
    digest = hashlib.sha256(f"{name}{salt}\0".encode() + text).hexdigest()[:32]
    return digest, {"name": name, "body": body, "published_at": timestamp(now)}


def part_text(data: Mapping[str, Any]) -> str:
    """A part's content as JSON."""
    return zlib.decompress(data["body"]).decode()


def decode_part(data: Mapping[str, Any]) -> Any:
    return json.loads(part_text(data))


def canonical(value: Any) -> str:
    """JSON with one spelling for one value: sorted keys, no spaces. NaN is refused."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def timestamp(seconds: float) -> datetime.datetime:
    """Seconds since the epoch as Firestore keeps them."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)
