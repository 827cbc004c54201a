"""One step for all running rollouts of an environment.

    read rollouts → group by group, those whose candidates have new failures first:
    read evidence and recent slots → judge each → one commit of all that moves
    → fold what has settled into the evidence

What is decided is a function of what was read, and everything written is conditional on it: a step
that runs twice, at once with another, late, or dies anywhere, changes nothing twice. No lease: a
dead step keeps nobody waiting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.clock import Clock
from functions.documents import Scope, Store
from functions.metrics.series import ROLLOUT_PERCENTAGE, Reading
from functions.metrics.store import load_recent
from functions.rollouts.freezing import USUALLY, Scores
from functions.rollouts.in_turn import Alarms, Looks, struck
from functions.rollouts.look import Look, look
from functions.rollouts.queue import next_in_line
from functions.rollouts.rollout import Rollout
from functions.rollouts.settle import ROUNDS, TOGETHER, Settling, Summary
from functions.rollouts.store import Stored, awaited, beginning, evidence_of, looked_at, some
from functions.rollouts.survey import (
    Recent,
    Sources,
    Survey,
    budgets,
    nothing_fires,
    span,
)
from functions.rollouts.target import Releasable, anything
from functions.rollouts.traffic.stand import Standings, unconcerned

AWAITED_SECONDS = 900
AGAIN_SECONDS = 5.0
"""While a step goes on for so long, it looks again at what is struck before it goes on."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did.

    running      rollouts that it looked at, and those that wait for their turn
    awaited      whether one was created lately, so that a start is to be expected
    due_soon     whether a scheduled change of a flag takes effect within the minute, or a test of
                 alerts runs
    transitions  summaries of those that moved
    readings     the percentages as they stand, for Cloud Monitoring
    failed       it could not be made
    """

    running: int
    awaited: bool = False
    due_soon: bool = False
    transitions: tuple[dict[str, Any], ...] = ()
    readings: tuple[Reading, ...] = ()
    failed: bool = False

    @property
    def busy(self) -> bool:
        """Whether it is worth looking again soon."""
        expected = self.awaited or self.due_soon
        return self.running > 0 or expected or self.failed or bool(self.transitions)


def advance(
    store: Store,
    clock: Clock,
    scope: Scope,
    alarms: Alarms = nothing_fires,
    recent: Recent = load_recent,
    releasable: Releasable = anything,
    traffic: Standings = unconcerned,
    scores: Scores = USUALLY,
    looks: Looks | None = None,
) -> Step:
    """`looks` is what the process remembers: where many run, most wait for the next whole step.

    Raises StoreUnavailable; then nothing is half done, and the next step does it.
    """
    sources = Sources(store, scope, alarms, recent, traffic)
    settling = Settling(sources, clock, releasable, scores)
    return _Stepping(sources, clock, settling, looks or Looks()).step()


def look_at(
    store: Store,
    scope: Scope,
    rollout: Rollout,
    now: float,
    alarms: Alarms = nothing_fires,
    traffic: Standings = unconcerned,
) -> Look | None:
    """What is known of one rollout now; None while nobody gets its candidate."""
    if not rollout.state.splitting:
        return None
    sources = Sources(store, scope, alarms, traffic=traffic)
    kept = evidence_of(store, scope, [rollout])
    slots = sources.slots(now, span(kept, now))
    survey = Survey(now, (), kept, slots, budgets(store, scope, [rollout]))
    told = sources.told(rollout, survey)
    return look(rollout, kept[rollout.id].evidence, survey.slots_of(rollout), now, told)


@dataclass(frozen=True)
class _Stepping:
    sources: Sources
    clock: Clock
    settling: Settling
    looks: Looks

    def step(self) -> Step:
        store, scope, now = self.sources.store, self.sources.scope, self.clock.now()
        known = self.looks.between(scope, now)
        if known:
            first = self._struck(known.rollouts, known.at)
            stored, waiting = beginning(store, scope)
            stored = [*some(store, scope, list(first)), *stored]
            running = {**known.rollouts, **_by_id(stored)}
        else:
            stored, waiting = looked_at(store, scope)
            running = _by_id(stored)
        if not running and not waiting:
            return Step(0, awaited(store, scope, now - AWAITED_SECONDS))
        moved = self._in_turn(stored, running)
        if waiting and (moved or not known):
            moved += self._queue(running)
        self.looks.note(scope, now, running)
        readings = tuple(map(_reading, running.values()))
        return Step(len(running) + len(waiting), transitions=tuple(moved), readings=readings)

    def _struck(self, rollouts: Mapping[str, Rollout], since: float) -> dict[str, None]:
        slots = self.sources.slots(self.clock.now())
        return struck(rollouts.values(), slots, self.sources.alarms, since)

    def _in_turn(self, stored: Sequence[Stored], running: dict[str, Rollout]) -> list[Summary]:
        """Group by group. While that takes long, those that are struck meanwhile go between."""
        ids = list(_by_id(stored))
        if len(ids) <= TOGETHER:
            return self._settle(stored, running)
        since = self.looks.last(self.sources.scope)
        first = self._struck(_by_id(stored), since)
        found = {each.rollout.id: each for each in stored}
        left = [found[key] for key in {**first, **dict.fromkeys(ids)}]
        moved: list[Summary] = []
        looked_at = self.clock.now()
        while left:
            group, left = left[:TOGETHER], left[TOGETHER:]
            moved += self._settle(group, running)
            now = self.clock.now()
            if left and now - looked_at >= AGAIN_SECONDS:
                again = list(self._struck(running, looked_at))
                looked_at = now
                moved += self._settle(some(self.sources.store, self.sources.scope, again), running)
        return moved

    def _settle(self, stored: Sequence[Stored], running: dict[str, Rollout]) -> list[Summary]:
        """Notes what runs after it."""
        moved: list[Summary] = []
        for first in range(0, len(stored), TOGETHER):
            settled = self.settling.group(stored[first : first + TOGETHER])
            moved += settled.moved
            for each in stored[first : first + TOGETHER]:
                running.pop(each.rollout.id, None)
            running.update(_by_id(settled.stored))
        return moved

    def _queue(self, running: dict[str, Rollout]) -> list[Summary]:
        """Those whose turn it is begin, and are looked at."""
        store, scope = self.sources.store, self.sources.scope
        moved: list[Summary] = []
        for _ in range(ROUNDS):
            stored, waiting = looked_at(store, scope)
            if not next_in_line(waiting, stored):
                break
            made = self.settling.dequeue()
            moved += made
            begun = some(store, scope, [each["rollout"] for each in made])
            moved += self._settle(begun, running) if begun else []
        return moved


def _by_id(stored: Sequence[Stored]) -> dict[str, Rollout]:
    return {each.rollout.id: each.rollout for each in stored}


def _reading(rollout: Rollout) -> Reading:
    labels = {"flag": rollout.flag, "version": rollout.candidate}
    return Reading(ROLLOUT_PERCENTAGE, rollout.percentage, labels)
