"""What has been seen of both arms since the last shift of the split. Pure.

Slots of 10 s are what is measured. Those old enough to be complete are folded into the evidence
that is kept, up to `through`; the younger ones are added each time anew. So looking twice, at
once, or an hour late counts nothing twice and loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from functions.metrics import completions
from functions.metrics.tally import EMPTY, Tally, merge
from functions.metrics.windows import SLOT_SECONDS, Arm, Window, slot_start
from functions.rollouts import watched
from functions.rollouts.sampled import hash_limit, level_of
from functions.rollouts.watched import Stretch
from functions.stats.e_process import Failing

SETTLED_SECONDS = 180
"""After this a slot is taken as complete: an instance flushes within seconds, clocks may differ."""

SKEW_SECONDS = 120
RECENT_SECONDS = 60
FOLD_EVERY_SECONDS = 60

TRAIL = 120
"""Stretches that are kept: two hours by the minute; what is older is kept by ever longer ones."""

HEALTH = "health"
"""The measure that the health prober reports: 1 for a check that went well, 0 for one that didn't.
"""


@dataclass(frozen=True, slots=True)
class Both:
    """The same stretch of time, seen of both arms."""

    candidate: Tally = EMPTY
    control: Tally = EMPTY

    def add(self, other: Both) -> Both:
        return Both(merge(self.candidate, other.candidate), merge(self.control, other.control))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is kept of the slots before `through` that were served since `generation`; `trail` is
    what the plan's checks watch of them, by stretches of time, oldest first."""

    generation: int
    through: int
    both: Both = field(default_factory=Both)
    trail: tuple[Stretch, ...] = ()

    def to_document(self) -> dict[str, Any]:
        return {
            "generation": self.generation,
            "through": self.through,
            "candidate": self.both.candidate.to_text(),
            "control": self.both.control.to_text(),
            "trail": [stretch.to_document() for stretch in self.trail],
        }

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Evidence:
        tallies = (Tally.from_text(data[arm]) for arm in ("candidate", "control"))
        trail = tuple(map(Stretch.from_document, data.get("trail", ())))
        return Evidence(data["generation"], data["through"], Both(*tallies), trail)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a judge is shown.

    stage     everything since the shift
    recent    the last minute
    checks    consecutive stretches of time, the newest first, each with enough requests
    trail     what the plan's checks watch, the newest first
    unwell    of both arms, the health checks in a row that went badly until now; None without any
    last      the slots, not folded yet, that hold the candidate's last requests
    """

    stage: Both = field(default_factory=Both)
    recent: Both = field(default_factory=Both)
    checks: Sequence[Both] = ()
    trail: Sequence[Stretch] = ()
    unwell: tuple[int | None, int | None] = (None, None)
    last: Both = field(default_factory=Both)


@dataclass(frozen=True, slots=True)
class Arms:
    """Which windows count for whom: a service's two versions, since a generation."""

    candidate: Arm
    control: Arm
    generation: int
    watched: tuple[str, ...] = ()
    """What the plan's checks watch (watched.parts)."""

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
    return replace(
        evidence,
        through=through,
        both=evidence.both.add(arms.both(settled)),
        trail=_shortened((*evidence.trail, *_stretches(arms, settled, FOLD_EVERY_SECONDS))),
    )


def seen(
    evidence: Evidence, arms: Arms, windows: Iterable[Window], now: float, check_requests: int
) -> Seen:
    """What the judge is shown now."""
    live = [window for window in arms.among(windows) if window.start >= evidence.through]
    return Seen(
        stage=evidence.both.add(arms.both(live)),
        recent=arms.both(window for window in live if window.end > now - RECENT_SECONDS),
        checks=_checks(arms, live, now, check_requests),
        trail=(
            *reversed(_stretches(arms, _complete(live, now), SLOT_SECONDS)),
            *reversed(evidence.trail),
        ),
        unwell=(_unwell(arms.candidate, live), _unwell(arms.control, live)),
        last=_last(arms, live),
    )


def last_minute(candidate: Arm, control: Arm, windows: Iterable[Window], now: float) -> Both:
    """How both arms were just now, under whatever split."""
    arms = Arms(candidate, control, generation=0)
    return arms.both(window for window in windows if window.end > now - RECENT_SECONDS)


def failing(both: Both, share: float) -> Failing:
    """Distinct failing users of both arms, comparable even when a set of users is full."""
    return sampled_failing(both, share)[0]


def sampled_failing(both: Both, share: float) -> tuple[Failing, int]:
    """The same, and the level of the sample: one user in 2**level.

    A full set holds the users with the smallest hashes. Of both arms those are counted whose hash
    lies in the largest half, quarter, … of all hashes that a full set still holds whole; otherwise
    the busier arm would look too healthy. Halves, and not whatever the set reaches to: a sample
    that changed with each user would be another test each time (part_of_level).
    """
    candidate, control = both.candidate.users_failing, both.control.users_failing
    level = max(level_of(candidate), level_of(control))
    if not level:
        return Failing(len(candidate), len(control), share), 0
    limit = hash_limit(level)
    mine, others = (sum(user < limit for user in users) for users in (candidate, control))
    return Failing(mine, others, share), level


FIRST_PART = 0.99


def part_of_level(level: int) -> float:
    """Of the bet on failing users, what is laid on samples of that level: each level is a test of
    its own, and together they have 1. Few rollouts ever leave level 0."""
    return FIRST_PART if level == 0 else (1.0 - FIRST_PART) / (level * (level + 1.0))


def rate(count: int, tally: Tally) -> float:
    """A count as a share of the requests that count; 0 without any."""
    return count / tally.served if tally.served else 0.0


def _last(arms: Arms, live: Sequence[Window]) -> Both:
    """Whole slots backwards from the newest, until they hold as many of the candidate's requests as
    a tally keeps in order; of both arms, so that the same moments are compared."""
    last = Both()
    for _, windows in _newest_first(live):
        last = last.add(arms.both(windows))
        if len(last.candidate.recent) >= completions.RECENT:
            break
    return last


def _newest_first(windows: Iterable[Window]) -> list[tuple[int, list[Window]]]:
    by_start: dict[int, list[Window]] = {}
    for window in windows:
        by_start.setdefault(window.start, []).append(window)
    return sorted(by_start.items(), reverse=True)


def _checks(arms: Arms, live: Sequence[Window], now: float, requests: int) -> tuple[Both, ...]:
    """From the newest complete slot backwards; each check ends when it has enough requests.

    A function of the slots alone: nothing is counted, so nothing can be counted twice.
    """
    checks = []
    current = Both()
    for _, windows in _newest_first(_complete(live, now)):
        current = current.add(arms.both(windows))
        if current.candidate.served >= requests:
            checks.append(current)
            current = Both()
    return tuple(checks)


def _complete(live: Sequence[Window], now: float) -> list[Window]:
    newest = slot_start(now - SLOT_SECONDS / 2) - SLOT_SECONDS
    return [window for window in live if window.start <= newest]


def _stretches(arms: Arms, windows: Iterable[Window], seconds: int) -> list[Stretch]:
    """What is watched in these, oldest first, by so many seconds."""
    if not arms.watched:
        return []
    found: dict[int, Stretch] = {}
    for window in windows:
        sums = watched.sums(window.tally, arms.watched)
        if not sums:
            continue
        of_candidate = window.arm == arms.candidate
        start = window.start // seconds * seconds
        one = Stretch(
            window.start, window.end, sums if of_candidate else {}, {} if of_candidate else sums
        )
        found[start] = found[start].add(one) if start in found else one
    return [found[start] for start in sorted(found)]


def _shortened(trail: tuple[Stretch, ...]) -> tuple[Stretch, ...]:
    """At most TRAIL of them: of too many, the older half is put together by two."""
    while len(trail) > TRAIL:
        half = len(trail) // 2 // 2 * 2
        pairs = zip(trail[:half:2], trail[1:half:2], strict=True)
        trail = (*(first.add(second) for first, second in pairs), *trail[half:])
    return trail


def _unwell(arm: Arm, live: Sequence[Window]) -> int | None:
    """How many health checks of an arm went badly since the last that went well."""
    readings = [
        (window.start, window.tally.measures[HEALTH])
        for window in live
        if window.arm == arm and HEALTH in window.tally.measures
    ]
    if not readings:
        return None
    bad = 0
    for _, reading in sorted(readings, key=lambda each: each[0], reverse=True):
        if reading.thousandths > 0:
            break
        bad += reading.count
    return bad
