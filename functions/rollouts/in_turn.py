"""Which rollouts a step takes up, and in which order. Pure, but for what a process remembers.

A step looks at all that run. With many of them a whole step takes long, so those whose candidates
have new failures come first, and between two whole steps come alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from functions.alerts.alarm import Alarm
from functions.documents import Scope
from functions.metrics.windows import Arm, Window
from functions.rollouts.rollout import Rollout

MANY = 100
"""Up to so many, every step looks at all."""

WHOLE_EVERY_SECONDS = 55.0
"""With more, all of them are looked at so often: in the first step of each minute."""

OVERLAP_SECONDS = 30.0
"""A slot of 10 s is seen so late at most: instances write every few seconds, and clocks differ."""

ByArm = Mapping[Arm, Sequence[Window]]
Alarms = Callable[[str, str], Sequence[Alarm]]
"""The alerts that fire for a service's version."""


def by_arm(windows: Iterable[Window]) -> ByArm:
    found: dict[Arm, list[Window]] = {}
    for window in windows:
        found.setdefault(window.arm, []).append(window)
    return found


def struck(
    rollouts: Iterable[Rollout], slots: ByArm, alarms: Alarms, since: float
) -> dict[str, None]:
    """Ids of those whose candidates failed, or had an alert come up, since the last step; the most
    failures first."""
    failures = {}
    for rollout in rollouts:
        arm = rollout.arms.candidate
        failed = sum(
            slot.tally.failures
            for slot in slots.get(arm, ())
            if slot.tally.failures and slot.end > since - OVERLAP_SECONDS
        )
        if failed or any(alarm.since >= since for alarm in alarms(arm.service, arm.version)):
            failures[rollout.id] = failed
    return dict.fromkeys(sorted(failures, key=lambda each: -failures[each]))


@dataclass(frozen=True, slots=True)
class Known:
    """The rollouts that ran at the last whole step, as they are known since.

    whole_at   when that was
    at         when the last step was
    """

    whole_at: float
    at: float
    rollouts: Mapping[str, Rollout]


class Looks:
    """What a process knows of each environment's running rollouts. Another one begins anew."""

    def __init__(self) -> None:
        self._known: dict[Scope, Known] = {}

    def between(self, scope: Scope, now: float) -> Known | None:
        """What is known, where the next whole step may wait; None when all are to be looked at."""
        known = self._known.get(scope)
        if known is None or len(known.rollouts) <= MANY:
            return None
        return known if 0 <= now - known.whole_at < WHOLE_EVERY_SECONDS else None

    def last(self, scope: Scope) -> float:
        """When the last step was; long ago when there was none."""
        known = self._known.get(scope)
        return known.at if known else float("-inf")

    def note(self, scope: Scope, now: float, rollouts: Mapping[str, Rollout]) -> None:
        """After a step: all that run now."""
        between = self.between(scope, now)
        whole_at = between.whole_at if between else now
        self._known[scope] = Known(whole_at, now, rollouts)
