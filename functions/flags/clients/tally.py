"""What one instance counts of one environment's evaluations: exactly, and without a lock. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Callable

Count = Callable[[], object]


class Counter:
    """`add` counts one, in one step of the interpreter: no other thread gets in between.

    Looking at it counts as well, which is why looks are subtracted.
    """

    __slots__ = ("_looks", "_taken", "add")

    def __init__(self) -> None:
        self.add: Callable[[], int] = itertools.count().__next__
        self._looks = 0
        self._taken = 0

    def take(self) -> int:
        """What was counted since the last take. For one thread at a time."""
        counted = self.add() - self._looks
        self._looks += 1
        taken, self._taken = self._taken, counted
        return counted - taken


class Tally:
    """The counts of the flags as they stand in one snapshot, by flag and label (counts.py).

    `first_at` and `last_at` are of the evaluations since the last take, 0 without any; `listed` and
    `idle` belong to the one who takes.
    """

    def __init__(self) -> None:
        self.first_at = 0.0
        self.last_at = 0.0
        self.listed = False
        self.idle = 0
        self._counters: dict[tuple[str, str], Counter] = {}

    def counter(self, key: str, label: str) -> Count:
        """What counts one evaluation of a flag when called."""
        name = (key, label)
        counter = self._counters.get(name)
        if counter is None:
            counter = self._counters.setdefault(name, Counter())
        return counter.add

    def saw(self, now: float) -> None:
        """Flags are evaluated now."""
        self.last_at = now
        if not self.first_at:
            self.first_at = now

    def take(self) -> dict[str, dict[str, int]]:
        """What was counted since the last take. For one thread at a time."""
        taken: dict[str, dict[str, int]] = {}
        for (key, label), counter in list(self._counters.items()):
            new = counter.take()
            if new:
                taken.setdefault(key, {})[label] = new
        self.first_at = 0.0
        return taken
