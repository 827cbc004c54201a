"""How often something is tried, and how long each time, within a time that all tries share."""

from __future__ import annotations

import random
from collections.abc import Iterator

from functions.clock import Clock

LEAST_SECONDS = 0.2
"""A call that may not take so long isn't begun, unless it is the first."""


class Tries:
    """Each time round is a try; there is at least one, and none begins when the time is over.

    Before every other try there is a pause: random, and twice as long every time up to
    `longest_pause`, so that those who stood in each other's way don't meet again.
    """

    def __init__(
        self, clock: Clock, seconds: float, *, each: float, pause: float, longest_pause: float
    ) -> None:
        self._clock = clock
        self._until = clock.monotonic() + seconds
        self._each = each
        self._pause = pause
        self._longest_pause = longest_pause

    def __iter__(self) -> Iterator[None]:
        pause = self._pause
        yield
        while self._left >= LEAST_SECONDS:
            self._clock.sleep(min(random.uniform(0, pause), self._left))
            if self._left < LEAST_SECONDS:
                return
            pause = min(2 * pause, self._longest_pause)
            yield

    @property
    def seconds(self) -> float:
        """What a call may take now."""
        return min(self._each, max(self._left, LEAST_SECONDS))

    @property
    def _left(self) -> float:
        return self._until - self._clock.monotonic()
