"""Who sends events, and whether they are believed. Pure: time is handed in.

What comes with a publishable key can be forged by whoever reads the key off a page. A secret key is
believed. So is an app that App Check vouches for, of a user who is signed in, as far as an event is
about that user and the user has not sent more than one person plausibly does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

A_MINUTE = 60
"""Events of one user that one instance believes in a minute; the others are only claimed."""


class Source(Protocol):
    """Who sent a batch, known to be genuine.

    id        tells them apart: each has batch ids of its own; never a user's id
    trusted   whether its events are believed
    user      the id of the user who is signed in, None for a key
    """

    @property
    def id(self) -> str: ...

    @property
    def trusted(self) -> bool: ...

    @property
    def user(self) -> str | None: ...


class Caps:
    """How many events of each user were believed in this minute, in memory. A lost race between
    two threads lets one more through."""

    def __init__(self, a_minute: int = A_MINUTE) -> None:
        self._most = a_minute
        self._minute = 0
        self._taken: dict[str, int] = {}

    def believes(self, source: Source, context: Mapping[str, Any], now: float) -> bool:
        """Whether an event of this context is believed; counts it when it is."""
        if not source.trusted or source.user is None:
            return source.trusted
        if context.get("targetingKey") != source.user:
            return False
        minute = int(now // 60)
        if minute != self._minute:
            self._minute, self._taken = minute, {}
        taken = self._taken.get(source.id, 0)
        if taken >= self._most:
            return False
        self._taken[source.id] = taken + 1
        return True
