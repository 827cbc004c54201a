"""One step for all running rollouts of an environment.

    read rollouts, evidence and recent slots → judge each → one commit of all that moves
    → fold what has settled into the evidence

What is decided is a function of what was read, and everything written is conditional on it: a step
that runs twice, at once with another, late, or dies anywhere, changes nothing twice. No lease: a
dead step keeps nobody waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions import log
from functions.alerts.alarm import Alarm
from functions.alerts.objectives.left import budgets_left
from functions.changes import Change, Decision, View, commit_change
from functions.clock import Clock
from functions.documents import Reads, Refused, Scope, Store
from functions.flags.flag import Flag
from functions.identity import Actor, Permission
from functions.metrics.series import ROLLOUT_PERCENTAGE, Reading
from functions.metrics.store import RECENT_SECONDS, load_recent
from functions.metrics.windows import Window
from functions.published import FLAGS
from functions.rollouts import obstacles, state
from functions.rollouts.back import back
from functions.rollouts.evidence import fold, last_minute
from functions.rollouts.look import Look, Told, following, look
from functions.rollouts.queue import begun, next_in_line
from functions.rollouts.rollout import Occasion, Rollout
from functions.rollouts.state import Phase
from functions.rollouts.store import (
    Stored,
    StoredEvidence,
    awaited,
    evidence_of,
    evidence_write,
    looked_at,
)
from functions.rollouts.target import Releasable, anything
from functions.rollouts.traffic.gate import Standing
from functions.rollouts.traffic.stand import Standings, unconcerned
from functions.rollouts.transition import Transition, decide, transition

ACTOR = Actor.machine("tick")
TOGETHER = 100
"""Transitions in one commit: some five documents each, far from Firestore's 10 MiB."""

ROUNDS = 20
FOLDS_TOGETHER = 100
AWAITED_SECONDS = 900

Alarms = Callable[[str, str], Sequence[Alarm]]
"""The alerts that fire for a service's version."""

Recent = Callable[[Store, Scope, float, float], list[Window]]
"""Reads the slots of so many seconds before a time, as metrics.store.load_recent does."""


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


@dataclass(frozen=True, slots=True)
class _Survey:
    """All that was read of the running rollouts, at one time."""

    now: float
    stored: Sequence[Stored]
    waiting: Sequence[Stored]
    kept: Mapping[str, StoredEvidence]
    windows: Sequence[Window]
    alarms: Alarms
    budgets: Mapping[str, float | None]
    traffic: Standings


def nothing_fires(_service: str, _version: str) -> Sequence[Alarm]:
    return ()


def advance(
    store: Store,
    clock: Clock,
    scope: Scope,
    alarms: Alarms = nothing_fires,
    recent: Recent = load_recent,
    releasable: Releasable = anything,
    traffic: Standings = unconcerned,
) -> Step:
    """Raises StoreUnavailable; then nothing is half done, and the next step does it."""
    survey = _read(store, store, scope, clock.now(), alarms, recent, traffic)
    if not survey.stored and not survey.waiting:
        return Step(0, awaited(store, scope, clock.now() - AWAITED_SECONDS))
    moved: list[dict[str, Any]] = []
    for _ in range(ROUNDS):
        if not _due(survey, generation=0) and not next_in_line(survey.waiting, survey.stored):
            break
        made = _commit(store, clock, scope, alarms, recent, releasable, traffic)
        if not made:
            break  # what is due can't be done: a blocked rollback is tried again in the next step
        moved += made
        survey = _read(store, store, scope, clock.now(), alarms, recent, traffic)
    _fold(store, scope, survey)
    readings = tuple(_reading(stored.rollout) for stored in survey.stored)
    number = len(survey.stored) + len(survey.waiting)
    return Step(number, transitions=tuple(moved), readings=readings)


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
    kept = evidence_of(store, scope, [rollout])
    windows = load_recent(store, scope, now, _span(kept, now))
    budgets = _budgets(store, scope, [rollout])
    found = _told(rollout, alarms, budgets, traffic(rollout, now))
    return look(rollout, kept[rollout.id].evidence, windows, now, found)


def _read(
    reads: Reads,
    store: Store,
    scope: Scope,
    now: float,
    alarms: Alarms,
    recent: Recent,
    traffic: Standings,
) -> _Survey:
    stored, waiting = looked_at(reads, scope)
    kept = evidence_of(reads, scope, [each.rollout for each in stored])
    windows = recent(store, scope, now, _span(kept, now)) if stored else []
    budgets = _budgets(reads, scope, [each.rollout for each in stored])
    return _Survey(now, stored, waiting, kept, windows, alarms, budgets, traffic)


def _budgets(reads: Reads, scope: Scope, rollouts: Sequence[Rollout]) -> dict[str, float | None]:
    """What is left of the error budgets of those services whose rollouts ask for it."""
    asked = {each.service for each in rollouts if each.plan.criteria.budget is not None}
    return budgets_left(reads, scope, asked)


def _span(kept: Mapping[str, StoredEvidence], now: float) -> float:
    """How far back slots are needed: to where the oldest evidence ends."""
    oldest = min((each.evidence.through for each in kept.values()), default=now)
    return max(float(RECENT_SECONDS), now - oldest)


def _commit(
    store: Store,
    clock: Clock,
    scope: Scope,
    alarms: Alarms,
    recent: Recent,
    releasable: Releasable,
    traffic: Standings,
) -> list[dict[str, Any]]:
    def deciding(view: View) -> Decision:
        survey = _read(view, store, scope, view.now, alarms, recent, traffic)
        moving = _possible(view, _due(survey, view.next_generation), releasable)
        for each in next_in_line(survey.waiting, survey.stored)[: TOGETHER - len(moving)]:
            occasion = Occasion(view.now, view.next_generation, str(ACTOR))
            moving.append(begun(view, each, occasion, releasable))
        return decide(view, moving, [each.summary() for each in moving])

    change = Change(scope, ACTOR, Permission.ROLL_OUT, reason="decided by the rollout's plan")
    outcome = commit_change(store, clock, change, deciding)
    for summary in outcome.result:
        log.info("rollout moved", environment=scope.environment, **summary)
    return list(outcome.result)


def _due(survey: _Survey, generation: int) -> list[Transition]:
    """What is to move now, rollbacks first, at most TOGETHER."""
    due = [
        moving for stored in survey.stored if (moving := _transition(survey, stored, generation))
    ]
    return sorted(due, key=lambda each: each.after.state.splitting)[:TOGETHER]


def _transition(survey: _Survey, stored: Stored, generation: int) -> Transition | None:
    rollout = stored.rollout
    kept = survey.kept.get(rollout.id)
    move = following(
        rollout,
        kept.evidence if kept else None,
        survey.windows,
        survey.now,
        _told(rollout, survey.alarms, survey.budgets, survey.traffic(rollout, survey.now)),
    )
    if move is None:
        return None
    arms = rollout.arms
    occasion = Occasion(
        survey.now,
        generation,
        str(ACTOR),
        move.reason,
        verdict=move.verdict,
        closing=move.closing,
        before=last_minute(arms.candidate, arms.control, survey.windows, survey.now),
    )
    return transition(stored, move.after, move.kind, occasion)


def _told(
    rollout: Rollout, alarms: Alarms, budgets: Mapping[str, float | None], traffic: Standing
) -> Told:
    versions = (rollout.candidate, rollout.control)
    candidate, control = (alarms(rollout.measured_as, version) for version in versions)
    return Told(candidate, control, budgets.get(rollout.service), traffic)


def _possible(view: View, due: Sequence[Transition], releasable: Releasable) -> list[Transition]:
    """What the flags still allow: an impossible move of one must not stop the others."""
    keys = {moved.flag for each in due for moved in each.after.moves}
    paths = {key: view.scope.doc("flags", key) for key in sorted(keys)}
    documents = view.get_many(list(paths.values()))
    flags = {
        key: Flag.from_document(document.data) if (document := documents[path]) else None
        for key, path in paths.items()
    }
    part = view.part_as_found(FLAGS) if any(each.after.reach.audiences for each in due) else {}
    segments = (part or {}).get("document", {}).get("$evaluators", {})
    possible = []
    for each in due:
        obstacle = obstacles.obstacle(flags, segments, each.before, each.after)
        moving: Transition | None = each
        if obstacle:
            moving = _ending(each, obstacle)
        elif each.after.state.phase is Phase.ROLLED_BACK:
            moving = back(view, each.stored, each.occasion, releasable)
        possible += [moving] if moving else []
    return possible


def _ending(each: Transition, obstacle: str) -> Transition:
    reason = obstacles.sentence(obstacle, each.after)
    occasion = Occasion(each.occasion.now, each.occasion.generation, str(ACTOR), reason)
    if each.before.shift is None:
        after = state.supersede(each.before.state, occasion.now)
        return transition(each.stored, after, "superseded", occasion)
    after = state.roll_back(each.before.state, occasion.now)
    return transition(each.stored, after, "rolled_back", occasion)


def _reading(rollout: Rollout) -> Reading:
    labels = {"flag": rollout.flag, "version": rollout.candidate}
    return Reading(ROLLOUT_PERCENTAGE, rollout.percentage, labels)


def _fold(store: Store, scope: Scope, survey: _Survey) -> None:
    """Keeps what has settled. Refused means that another tick has kept the same."""
    writes = []
    for stored in survey.stored:
        kept = survey.kept.get(stored.rollout.id)
        if kept is None:
            continue
        folded = fold(kept.evidence, stored.rollout.arms, survey.windows, survey.now)
        if folded is not kept.evidence:
            writes.append(evidence_write(scope, stored.rollout.id, kept, folded))
    for first in range(0, len(writes), FOLDS_TOGETHER):
        try:
            store.commit(writes[first : first + FOLDS_TOGETHER])
        except Refused:
            log.info("evidence folded by another tick", environment=scope.environment)
