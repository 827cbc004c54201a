"""One key, one story: who may generate, decided on what is stored. Pure.

    no document            claim it: create a running document, refused when somebody was faster
    running, lease valid   somebody is at it: IN_PROGRESS
    running, lease over    its process died: take it over
    finished               give back what is stored
    failed                 nothing was made: take it over, so that a retry may succeed
    any, other wish        the key belongs to another request: ALREADY_EXISTS

The lease outlasts the deadline of a request and of its last write: whoever is later finds that the
document has changed.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Literal

from functions.published import timestamp

COLLECTION = "stories"
LEASE_SECONDS = 45.0
DAY = 86_400.0
KEPT_SECONDS = 365 * DAY
FAILED_KEPT_SECONDS = 7 * DAY
"""Documents expire by the time-to-live policy on `expires_at`."""

State = Literal["running", "finished", "failed"]


@dataclass(frozen=True)
class Claim:
    """What one request wants to do.

    `reserved` are the microdollars that it may cost at most, `user` the keyed hash that it is
    counted under if it is abandoned. `token` is this request's own: by it the request knows its
    document again when it doesn't hear whether it was written.
    """

    story_id: str
    owner: str
    request_hash: str
    version: str
    generation: int
    claimed_at: float
    reserved: int = 0
    user: str = ""
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    def running(self) -> dict[str, Any]:
        """The document while it is being written. Every field is there in every state."""
        return {
            "owner": self.owner,
            "state": "running",
            "request_hash": self.request_hash,
            "version": self.version,
            "generation": self.generation,
            "reserved": self.reserved,
            "user": self.user,
            "token": self.token,
            "lease_until": timestamp(self.claimed_at + LEASE_SECONDS),
            "created_at": timestamp(self.claimed_at),
            "expires_at": timestamp(self.claimed_at + FAILED_KEPT_SECONDS),
            "attempts": 0,
            "story": None,
            "error": None,
        }

    def finished(self, story: Mapping[str, Any], attempts: int) -> dict[str, Any]:
        return {
            **self.running(),
            "state": "finished",
            "lease_until": None,
            "expires_at": timestamp(self.claimed_at + KEPT_SECONDS),
            "attempts": attempts,
            "story": dict(story),
        }

    def failed(self, error: Mapping[str, Any], attempts: int) -> dict[str, Any]:
        return {
            **self.running(),
            "state": "failed",
            "lease_until": None,
            "attempts": attempts,
            "error": dict(error),
        }


@dataclass(frozen=True)
class TakeOver:
    """Replace what is stored, unless it changes first."""


@dataclass(frozen=True)
class Replay:
    """What is stored is the answer."""


@dataclass(frozen=True)
class Busy:
    """Another request with this key is at work."""


@dataclass(frozen=True)
class OtherWish:
    """The key was used for something else."""


def decide(
    claim: Claim, stored: Mapping[str, Any], now: float
) -> TakeOver | Replay | Busy | OtherWish:
    """What a request may do about a document that is there already."""
    if stored["request_hash"] != claim.request_hash:
        return OtherWish()
    if stored["state"] == "finished":
        return Replay()
    if stored["state"] == "running" and stored["lease_until"].timestamp() > now:
        return Busy()
    return TakeOver()


def made(stored: Mapping[str, Any], request_hash: str) -> bool:
    """Whether what is stored is the finished story of this wish."""
    return bool(stored["state"] == "finished" and stored["request_hash"] == request_hash)


def holds(claim: Claim, stored: Mapping[str, Any]) -> bool:
    """Whether what is stored is this very claim, still running."""
    return stored.get("token") == claim.token and stored["state"] == "running"


class Standing(Enum):
    """What a request finds of its claim when its last write was refused."""

    HELD = auto()
    """Still ours: nothing was written."""
    ENDED = auto()
    """Written: an earlier try arrived after all."""
    LOST = auto()
    """Taken over, found abandoned or erased."""


def standing(claim: Claim, ended: Mapping[str, Any], stored: Mapping[str, Any] | None) -> Standing:
    """`ended` is the terminal state that the request wants to write."""
    if stored is None or stored.get("token") != claim.token:
        return Standing.LOST
    if stored["state"] == "running":
        return Standing.HELD
    same = all(stored[name] == ended[name] for name in ("state", "error"))
    return Standing.ENDED if same else Standing.LOST


STORY_ID = re.compile(r"[0-9a-f]{32}")


def story_id(uid: str, key: str) -> str:
    """Where the story of a user and a key is kept: 32 hex characters that show neither."""
    return hashlib.sha256(f"{len(uid)}:{uid}:{key}".encode()).hexdigest()[:32]
