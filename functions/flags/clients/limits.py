"""How often an API key may ask one instance: in memory, without a lock. Pure: time is handed in.

The generic cell rate algorithm (ITU-T I.371, appendix I): one number a key, the time at which the
key would have used up what it asked for so far. Two threads that ask at once may be let through as
one: a lost race costs one request's worth.
"""

from __future__ import annotations

import math

from functions.errors import RateLimited

BURST_SECONDS = 2.0
ROUNDING = 1e-6
"""Seconds: sums of floats are not exact."""
MANY = 10_000
"""So many keys are remembered before those that have been quiet are forgotten."""


class Limits:
    """`per_second` requests for each key, and at once what is due in BURST_SECONDS; 0 for any."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._interval = 1 / per_second if per_second else 0.0
        self._used_up: dict[str, float] = {}
        self._many = MANY

    def take(self, key: str, now: float) -> None:
        """Counts a request of a key that is genuine. Raises RateLimited; `now` in seconds."""
        if not self._interval:
            return
        used_up = max(self._used_up.get(key, now), now) + self._interval
        beyond = used_up - now - max(BURST_SECONDS, self._interval)
        if beyond > ROUNDING:
            raise RateLimited(
                f"This API key asked for more than {self._per_second:,} answers a second.",
                remedy="Wait for the time named in Retry-After; then ask less often, or raise "
                "PALIER_EVALUATION_LIMIT.",
                extra={"retry_after": max(1, math.ceil(beyond))},
            )
        self._used_up[key] = used_up
        if len(self._used_up) > self._many:
            self._forget(now)

    def _forget(self, now: float) -> None:
        """Who has nothing used up is as good as new."""
        for key, used_up in list(self._used_up.items()):
            if used_up <= now:
                self._used_up.pop(key, None)
        self._many = max(MANY, 2 * len(self._used_up))
