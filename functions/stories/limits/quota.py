"""How much a user may have in an hour: decided on what this hour and the last one have used. Pure.

ENV/quotas/{hash of the user}_{hour}   {requests, microdollars, expires_at}

The hour slides: what counts is this hour and, of the last one, the share that is still within
sixty minutes, as if its requests had come evenly. Money is in microdollars and reserved before a
story is written; what it did not cost is given back to the hour it was reserved in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from functions.published import timestamp

COLLECTION = "quotas"
HOUR = 3_600
KEPT_HOURS = 3
"""A document is looked at in its own hour and the next."""


@dataclass(frozen=True)
class Limits:
    """What one user may have in an hour; 0 for any."""

    requests_an_hour: int
    microdollars_an_hour: int

    @property
    def any(self) -> bool:
        """Whether there is something to be counted."""
        return bool(self.requests_an_hour or self.microdollars_an_hour)


@dataclass(frozen=True)
class Used:
    """What one user has had in one hour."""

    requests: int = 0
    microdollars: int = 0

    @staticmethod
    def of(data: Mapping[str, Any] | None) -> Used:
        return Used(data["requests"], data["microdollars"]) if data else Used()

    def plus(self, microdollars: int) -> Used:
        """With another request."""
        return Used(self.requests + 1, self.microdollars + microdollars)


@dataclass(frozen=True)
class Exceeded:
    """`limit` says which. After `retry_after` seconds there is room, if nothing else is asked."""

    limit: Literal["requests", "cost"]
    retry_after: int


@dataclass(frozen=True)
class TooDear:
    """One story may cost more than the limit allows: waiting is no use."""


def decide(
    limits: Limits, microdollars: int, this_hour: Used, last_hour: Used, now: float
) -> Used | Exceeded | TooDear:
    """What this hour has used with another request that may cost `microdollars`, if it may be."""
    if limits.microdollars_an_hour and microdollars > limits.microdollars_an_hour:
        return TooDear()
    requests = _seconds_to_wait(
        limits.requests_an_hour, 1, this_hour.requests, last_hour.requests, now
    )
    cost = _seconds_to_wait(
        limits.microdollars_an_hour,
        microdollars,
        this_hour.microdollars,
        last_hour.microdollars,
        now,
    )
    if requests or cost:
        return Exceeded("requests" if requests >= cost else "cost", max(requests, cost))
    return this_hour.plus(microdollars)


def estimate(this_hour: int, last_hour: int, now: float) -> float:
    """What the last sixty minutes count as."""
    return this_hour + last_hour * _left(now) / HOUR


def hours(now: float) -> tuple[int, int]:
    """This hour and the last one, counted from the epoch."""
    this = int(now // HOUR)
    return this, this - 1


def name(uid: str, hour: int) -> str:
    """The document of a user's hour."""
    return f"{user(uid)}_{hour}"


def user(uid: str) -> str:
    """32 hex characters that stand for a user in the names of these documents."""
    return hashlib.sha256(f"quota:{uid}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def document(used: Used, hour: int) -> dict[str, Any]:
    return {
        "requests": used.requests,
        "microdollars": used.microdollars,
        "expires_at": timestamp((hour + KEPT_HOURS) * HOUR),
    }


def _left(now: float) -> int:
    """Whole seconds until this hour ends, rounded up: 3,600 at its beginning."""
    return HOUR - int(now) % HOUR


def _seconds_to_wait(limit: int, more: int, this_hour: int, last_hour: int, now: float) -> int:
    """Until `more` fits: 0 when it does. It fits when this + more + last × left / HOUR ≤ limit."""
    if not limit:
        return 0
    left = _left(now)
    if HOUR * (this_hour + more) + last_hour * left <= HOUR * limit:
        return 0
    if this_hour + more <= limit:
        return left - HOUR * (limit - this_hour - more) // last_hour
    return left + HOUR - HOUR * (limit - more) // this_hour
