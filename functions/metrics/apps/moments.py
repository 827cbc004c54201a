"""The snapshots of the last minutes, so that an event counts by the split of its moment. Pure.

Known are those that this instance has seen: one that is new, or was idle while flags changed,
doesn't know what came before. `at` says so, and such an event counts for no arm of what is split.
"""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

from functions.metrics.apps.attribution import Moment
from functions.metrics.apps.event import LATE_SECONDS

M = TypeVar("M", bound=Moment)


class Then(NamedTuple, Generic[M]):
    """The snapshot of a time; `known` is False when it is of later, for want of an earlier one."""

    moment: M
    known: bool


class Moments(Generic[M]):
    """Of one environment. Not for two threads at once: `noted` makes a new one."""

    def __init__(self, moments: tuple[M, ...] = ()) -> None:
        self._moments = moments

    def noted(self, moment: M, now: float) -> Moments[M]:
        """With the snapshot that is current, without those that no event can need any more."""
        known = {each.generation: each for each in (*self._moments, moment)}
        ordered = [known[generation] for generation in sorted(known)]
        needed_since = now - LATE_SECONDS
        # The last one that was published before then was still current at that time.
        first = max(
            (i for i, each in enumerate(ordered) if each.published_at <= needed_since), default=0
        )
        return Moments(tuple(ordered[first:]))

    def at(self, time: float) -> Then[M]:
        """What was published at a time, as far as it is known. Raises ValueError when empty."""
        for moment in reversed(self._moments):
            if moment.published_at <= time:
                return Then(moment, True)
        if not self._moments:
            raise ValueError("no snapshot was noted yet")
        return Then(self._moments[0], False)

    def __len__(self) -> int:
        return len(self._moments)
