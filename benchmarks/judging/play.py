"""One simulated rollout: the controller's own code decides, on what simulated instances wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.judging import screens
from benchmarks.judging.segment import CANDIDATE, CONTROL, SERVICE, START, Segment
from benchmarks.judging.traffic import NONE, Difference, Flags, Requests
from functions.metrics.hours import without_users
from functions.metrics.windows import SLOT_SECONDS, Arm, Window, slot_start
from functions.rollouts import state
from functions.rollouts.baseline import Baseline, freeze
from functions.rollouts.evidence import (
    FOLD_EVERY_SECONDS,
    SETTLED_SECONDS,
    fold,
    fresh,
    last_minute,
)
from functions.rollouts.look import NOTHING_TOLD, Move, Told, following
from functions.rollouts.plan import Plan
from functions.rollouts.rollout import Occasion, Rollout, moved
from functions.rollouts.state import Phase, State

PERSON_SECONDS = 600
"""After a pause a person lets it go on."""

HOUR_SLOTS = 3_600 // SLOT_SECONDS
ACTOR = "machine:simulation"


@dataclass(frozen=True)
class Moved:
    """What the controller did, so many seconds after the first split, and the rule that said so."""

    kind: str
    seconds: float
    rule: str
    stage: int


@dataclass
class Play:
    """
    every    look every 10 s; else only where something could be decided: with the same result.
             Plans with checks, whose trail is folded look by look, are always looked at
    people   somebody resumes what was paused; else it ends there
    told     what other rooms say, at all times
    before   how the control was before, as it is frozen
    """

    requests: Requests
    plan: Plan
    difference: Difference = NONE
    every: bool = False
    people: bool = True
    told: Told = NOTHING_TOLD
    before: Baseline | None = None

    def __post_init__(self) -> None:
        self.every = self.every or bool(self.plan.checks)

    def moves(self) -> list[Moved]:
        """All of them, until it ends or the requests do."""
        return list(self._play())

    def _play(self) -> Iterator[Moved]:
        self._rollout = replace(_starting(self.plan), frozen=self.before)
        self._begin(0, following(self._rollout, None, [], START))
        at = 0
        while at < self.requests.slots and self._rollout.state.running:
            looked = self._next(at)
            if looked is None:
                return
            now, at = START + (looked + 1) * SLOT_SECONDS, looked + 1
            move = self._look(looked, now)
            if move:
                before = self._rollout
                self._move(move, now, at)
                rule = move.verdict.rule if move.verdict else ""
                yield Moved(move.kind, now - START, rule, before.state.stage)
                if self._rollout.state.phase is Phase.PAUSED and not self.people:
                    return
            self._resume(now)

    def _begin(self, slot: int, move: Move | None) -> None:
        if move is None:
            raise RuntimeError("a rollout that was started begins")
        self._move(move, START + slot * SLOT_SECONDS, slot)

    def _move(self, move: Move, now: float, slot: int) -> None:
        before = self._rollout
        shift = before.shift
        generation = (shift.generation if shift else 0) + 1
        minute = last_minute(before.arms.candidate, before.arms.control, self._minute(slot), now)
        occasion = Occasion(
            now, generation, ACTOR, verdict=move.verdict, closing=move.closing, before=minute
        )
        self._rollout = moved(before, move.after, occasion)
        if self._rollout.shift is not shift and slot < self.requests.slots:
            share = self._rollout.percentage / 100
            self._segment = Segment(self.requests, self.difference, share, slot, generation)
            self._evidence = fresh(generation, now)
            self._folded = slot
            self._live: list[Window] = []
            self._built = slot
            if not self.every:
                self._flagged = screens.flagged(self._segment, self._rollout)

    def _minute(self, slot: int) -> list[Window]:
        if not self._rollout.shift:
            return []
        first = self._segment.first
        return self._segment.windows(slot - first - 6, slot - first)

    def _next(self, at: int) -> int | None:
        """The slot after which to look again."""
        if self.every:
            return at
        where, first = self._rollout.state, self._segment.first
        paused = where.phase is Phase.PAUSED
        flagged = self._flagged.paused if paused else self._flagged.running
        times = [first + each for each in _next_in(flagged, at - first)]
        if paused:
            times.append(self._slot_at((where.paused_at or 0.0) + PERSON_SECONDS))
        else:
            baked = max(at, self._slot_at(where.since + self._rollout.needed_seconds))
            times += [first + each for each in _next_in(self._flagged.passable, baked - first)]
            if where.deadline is not None:
                times.append(self._slot_at(where.deadline))
        slot = max(at, min(times, default=self.requests.slots))
        return slot if slot < self.requests.slots else None

    def _slot_at(self, time: float) -> int:
        """The slot whose end is the first look at or after a time."""
        return int(-((START - time) // SLOT_SECONDS)) - 1

    def _look(self, slot: int, now: float) -> Move | None:
        self._settle(slot)
        first = self._segment.first
        self._live += self._segment.windows(self._built - first, slot + 1 - first)
        self._built = slot + 1
        kept = self._evidence.through
        self._live = [each for each in self._live if each.start >= kept]
        found = following(self._rollout, self._evidence, self._live, now, self.told)
        if self.every:
            self._evidence = fold(self._evidence, self._rollout.arms, self._live, now)
        return found

    def _settle(self, slot: int) -> None:
        """What the folds of the looks in between came to."""
        if self.every:
            return
        through = self._evidence.through
        for look in range(self._folded, slot):
            settled = slot_start(START + (look + 1) * SLOT_SECONDS - SETTLED_SECONDS)
            if settled - through >= FOLD_EVERY_SECONDS:
                through = settled
        self._folded = slot
        if through == self._evidence.through:
            return
        segment, kept = self._segment, self._evidence
        begin, end = (
            (at - START) // SLOT_SECONDS - segment.first for at in (kept.through, through)
        )
        self._evidence = replace(
            kept, through=through, both=kept.both.add(segment.both(begin, end))
        )
        self._built = max(self._built, segment.first + max(0, end))

    def _resume(self, now: float) -> None:
        where = self._rollout.state
        if where.phase is not Phase.PAUSED or where.paused_at is None:
            return
        if now - where.paused_at >= PERSON_SECONDS:
            resumed = state.resume(self.plan, where, now)
            self._rollout = replace(self._rollout, state=resumed)


def _next_in(flags: Flags, at: int) -> list[int]:
    """Where the next of them is, if anywhere."""
    return [at + int(found) for found in np.flatnonzero(flags[at:])[:1]]


def baseline(asked: Requests) -> Baseline:
    """How a control was that all of these were served by, frozen as the controller freezes it: from
    sums of hours, or of ten minutes where there are less than some hours."""
    segment = Segment(asked, NONE, 0.0, 0, 0)
    step = HOUR_SLOTS if asked.slots >= 3 * HOUR_SLOTS else HOUR_SLOTS // 6
    windows = [
        Window(
            START + first * SLOT_SECONDS,
            step * SLOT_SECONDS,
            SERVICE,
            CONTROL,
            0,
            without_users(segment.tally(CONTROL, first, first + step)),
        )
        for first in range(0, asked.slots, step)
    ]
    return freeze(Arm(SERVICE, CONTROL), windows, (), START + asked.slots * SLOT_SECONDS)


def _starting(plan: Plan) -> Rollout:
    return Rollout(
        "r1",
        "stories.version",
        SERVICE,
        CONTROL,
        CANDIDATE,
        plan,
        START,
        ACTOR,
        "",
        state=State(Phase.STARTING, since=START),
    )
