"""What has been seen of both arms since the last shift of the split. Pure.

Slots of 10 s are what is measured. Those old enough to be complete are folded into the evidence
that is kept, up to `through`; the younger ones are added each time anew. So looking twice, at
once, or an hour late counts nothing twice and loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from functions.metrics.tally import EMPTY, USERS_CAP, Tally, merge
from functions.metrics.windows import SLOT_SECONDS, Arm, Window, slot_start
from functions.stats.e_process import Failing

SETTLED_SECONDS = 180
"""After this a slot is taken as complete: an instance flushes within seconds, clocks may differ."""

SKEW_SECONDS = 120
RECENT_SECONDS = 60
FOLD_EVERY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Both:
    """The same stretch of time, seen of both arms."""

    candidate: Tally = EMPTY
    control: Tally = EMPTY

    def add(self, other: Both) -> Both:
        return Both(merge(self.candidate, other.candidate), merge(self.control, other.control))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is kept of the slots before `through` that were served since `generation`."""

    generation: int
    through: int
    both: Both = field(default_factory=Both)

    def to_document(self) -> dict[str, Any]:
        return {
            "generation": self.generation,
            "through": self.through,
            "candidate": self.both.candidate.to_text(),
            "control": self.both.control.to_text(),
        }

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Evidence:
        tallies = (Tally.from_text(data[arm]) for arm in ("candidate", "control"))
        return Evidence(data["generation"], data["through"], Both(*tallies))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a judge is shown.

    stage     everything since the shift
    recent    the last minute
    checks    consecutive stretches of time, the newest first, each with enough requests
    """

    stage: Both = field(default_factory=Both)
    recent: Both = field(default_factory=Both)
    checks: Sequence[Both] = ()


@dataclass(frozen=True, slots=True)
class Arms:
    """Which windows count for whom: a service's two versions, since a generation."""

    candidate: Arm
    control: Arm
    generation: int

    def among(self, windows: Iterable[Window]) -> list[Window]:
        return [
            window
            for window in windows
            if window.generation >= self.generation and window.arm in (self.candidate, self.control)
        ]

    def both(self, windows: Iterable[Window]) -> Both:
        both = Both()
        for window in windows:
            if window.arm == self.candidate:
                both = replace(both, candidate=merge(both.candidate, window.tally))
            elif window.arm == self.control:
                both = replace(both, control=merge(both.control, window.tally))
        return both


def fresh(generation: int, shifted_at: float) -> Evidence:
    """The evidence of a stage that has just begun."""
    return Evidence(generation, slot_start(shifted_at - SKEW_SECONDS))


def fold(evidence: Evidence, arms: Arms, windows: Iterable[Window], now: float) -> Evidence:
    """The evidence with the slots that have settled since; itself when it isn't time yet."""
    through = slot_start(now - SETTLED_SECONDS)
    if through - evidence.through < FOLD_EVERY_SECONDS:
        return evidence
    settled = [
        window for window in arms.among(windows) if evidence.through <= window.start < through
    ]
    return replace(evidence, through=through, both=evidence.both.add(arms.both(settled)))


def seen(
    evidence: Evidence, arms: Arms, windows: Iterable[Window], now: float, check_requests: int
) -> Seen:
    """What the judge is shown now."""
    live = [window for window in arms.among(windows) if window.start >= evidence.through]
    return Seen(
        stage=evidence.both.add(arms.both(live)),
        recent=arms.both(window for window in live if window.end > now - RECENT_SECONDS),
        checks=_checks(arms, live, now, check_requests),
    )


def last_minute(candidate: Arm, control: Arm, windows: Iterable[Window], now: float) -> Both:
    """How both arms were just now, under whatever split."""
    arms = Arms(candidate, control, generation=0)
    return arms.both(window for window in windows if window.end > now - RECENT_SECONDS)


def failing(both: Both, share: float) -> Failing:
    """Distinct failing users of both arms, comparable even when a set of users is full.

    A full set holds the users with the smallest hashes. Counting only hashes up to the largest
    one in it, in both arms, samples both alike; otherwise the busier arm would look too healthy.
    """
    candidate, control = both.candidate.users_failing, both.control.users_failing
    full = [max(users) for users in (candidate, control) if len(users) >= USERS_CAP]
    if full:
        limit = min(full)
        candidate = frozenset(user for user in candidate if user <= limit)
        control = frozenset(user for user in control if user <= limit)
    return Failing(len(candidate), len(control), share)


def rate(count: int, tally: Tally) -> float:
    """A count as a share of the requests that count; 0 without any."""
    return count / tally.served if tally.served else 0.0


def _checks(arms: Arms, live: Sequence[Window], now: float, requests: int) -> tuple[Both, ...]:
    """From the newest complete slot backwards; each check ends when it has enough requests.

    A function of the slots alone: nothing is counted, so nothing can be counted twice.
    """
    newest = slot_start(now - SLOT_SECONDS / 2) - SLOT_SECONDS
    by_start: dict[int, list[Window]] = {}
    for window in live:
        if window.start <= newest:
            by_start.setdefault(window.start, []).append(window)
    checks = []
    current = Both()
    for start in sorted(by_start, reverse=True):
        current = current.add(arms.both(by_start[start]))
        if current.candidate.served >= requests:
            checks.append(current)
            current = Both()
    return tuple(checks)
