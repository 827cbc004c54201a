"""What of some rollouts is to move, decided and committed; what has settled, folded.

What takes users back is committed first and by itself. Where a commit can't be made, its halves
are, down to the one that stands in the way of itself alone.

Everything written is conditional on what was read: whoever is refused reads and decides anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from functions import log
from functions.alerts import outbox
from functions.changes import Change, Decision, View, commit_change
from functions.clock import Clock
from functions.documents import Refused
from functions.errors import PalierError, StoreUnavailable
from functions.flags.flag import Flag
from functions.identity import Actor, Permission
from functions.published import FLAGS
from functions.rollouts import obstacles, state
from functions.rollouts.back import back
from functions.rollouts.commands.requirements import budget_lacking
from functions.rollouts.evidence import fold, last_minute
from functions.rollouts.freezing import Scores, with_baseline
from functions.rollouts.look import following
from functions.rollouts.queue import begun, next_in_line, unserved
from functions.rollouts.rollout import Occasion
from functions.rollouts.state import Phase
from functions.rollouts.store import Stored, evidence_write, looked_at, some
from functions.rollouts.survey import Sources, Survey
from functions.rollouts.target import Releasable
from functions.rollouts.transition import Transition, decide, transition
from functions.rollouts.unmade import of_move

ACTOR = Actor.machine("tick")
TOGETHER = 100
"""Transitions in one commit: some five documents each, far from Firestore's 10 MiB. So many
rollouts are also read and decided on at a time."""

ROUNDS = 20

Summary = dict[str, Any]
"""Of a transition."""

Moving = Callable[[View], list[Transition]]


@dataclass(frozen=True)
class Settled:
    """What moved, and the rollouts of the group that run now."""

    moved: Sequence[Summary]
    stored: Sequence[Stored]


@dataclass(frozen=True)
class Settling:
    """How a step moves rollouts. All of it raises StoreUnavailable."""

    sources: Sources
    clock: Clock
    releasable: Releasable
    scores: Scores

    def group(self, stored: Sequence[Stored]) -> Settled:
        """Until nothing of them is due: at most TOGETHER of them."""
        store, scope = self.sources.store, self.sources.scope
        survey = self.sources.survey(store, stored, self.clock.now())
        moved: list[Summary] = []
        for _ in range(ROUNDS):
            due = _due(self.sources, survey, generation=0)
            taken_back = [each for each in due if _takes_back(each)]
            made = self._together(taken_back)
            made += self._together([each for each in due if each not in taken_back])
            if not made:
                break  # what is due can't be done: a blocked rollback is tried in the next step
            moved += made
            again = some(store, scope, [each.rollout.id for each in survey.stored])
            survey = self.sources.survey(store, again, self.clock.now())
        self._fold(survey)
        return Settled(moved, survey.stored)

    def dequeue(self) -> list[Summary]:
        """Those begin whose turn it is, in one commit."""

        def moving(view: View) -> list[Transition]:
            stored, waiting = looked_at(view, view.scope)
            occasion = Occasion(view.now, view.next_generation, str(ACTOR))
            line = next_in_line(waiting, stored)[:TOGETHER]
            found = (begun(view, each, occasion, self.releasable) for each in line)
            return [each for each in found if each]

        return self._commit(moving)

    def _together(self, due: Sequence[Transition]) -> list[Summary]:
        """As many of them in one commit as can be made."""
        if not due:
            return []
        try:
            return self._commit(partial(self._moving, ids=[each.after.id for each in due]))
        except StoreUnavailable:
            raise
        except Exception as error:
            if len(due) == 1:
                self._tell(due[0], error)
                return []
        half = len(due) // 2
        return [*self._together(due[:half]), *self._together(due[half:])]

    def _tell(self, unmade: Transition, error: Exception) -> None:
        """Once: it is tried again in each step."""
        rollout = unmade.before
        log.exception("rollout can't be moved", error, rollout=rollout.id, kind=unmade.kind)
        problem = error.detail if isinstance(error, PalierError) else ""
        message = of_move(rollout, problem, back=_takes_back(unmade))
        try:
            self.sources.store.commit(
                [outbox.enqueue(self.sources.scope, message, self.clock.now())]
            )
        except Refused:
            log.info("people were told already", rollout=rollout.id)

    def _moving(self, view: View, ids: Sequence[str]) -> list[Transition]:
        stored = some(view, view.scope, ids)
        survey = self.sources.survey(view, stored, view.now)
        due = _due(self.sources, survey, view.next_generation)
        return [
            with_baseline(
                self.sources.store, view.scope, each, survey.slots_of(each.after), self.scores
            )
            for each in _possible(view, due, self.releasable)
        ]

    def _commit(self, moving: Moving) -> list[Summary]:
        def deciding(view: View) -> Decision:
            found = moving(view)
            return decide(view, found, [each.summary() for each in found])

        scope = self.sources.scope
        change = Change(scope, ACTOR, Permission.ROLL_OUT, reason="decided by the rollout's plan")
        outcome = commit_change(self.sources.store, self.clock, change, deciding)
        for summary in outcome.result:
            log.info("rollout moved", environment=scope.environment, **summary)
        return list(outcome.result)

    def _fold(self, survey: Survey) -> None:
        """Keeps what has settled. Refused means that another tick has kept the same."""
        scope, writes = self.sources.scope, []
        for each in survey.stored:
            kept = survey.kept.get(each.rollout.id)
            if kept is None:
                continue
            slots = survey.slots_of(each.rollout)
            folded = fold(kept.evidence, each.rollout.arms, slots, survey.now)
            if folded is not kept.evidence:
                writes.append(evidence_write(scope, each.rollout.id, kept, folded))
        if not writes:
            return
        try:
            self.sources.store.commit(writes)
        except Refused:
            log.info("evidence folded by another tick", environment=scope.environment)


def _due(sources: Sources, survey: Survey, generation: int) -> list[Transition]:
    """What is to move now, rollbacks first."""
    found = (_judged(sources, survey, each, generation) for each in survey.stored)
    return sorted((each for each in found if each), key=lambda each: each.after.state.splitting)


def _takes_back(each: Transition) -> bool:
    """Whether some users no longer get the candidate."""
    after = each.after
    if not each.before.state.splitting:
        return False
    fewer = after.state.splitting and not each.before.reach.within(after.reach)
    return fewer or after.state.phase is Phase.ROLLED_BACK


def _judged(sources: Sources, survey: Survey, stored: Stored, generation: int) -> Transition | None:
    """One that can't be judged must not stop the others."""
    try:
        return _transition(sources, survey, stored, generation)
    except StoreUnavailable:
        raise
    except Exception as error:
        log.exception("rollout can't be judged", error, rollout=stored.rollout.id)
        return None


def _transition(
    sources: Sources, survey: Survey, stored: Stored, generation: int
) -> Transition | None:
    rollout, now = stored.rollout, survey.now
    kept, slots = survey.kept.get(rollout.id), survey.slots_of(rollout)
    told = sources.told(rollout, survey)
    move = following(rollout, kept.evidence if kept else None, slots, now, told)
    if move is None:
        return None
    arms = rollout.arms
    occasion = Occasion(
        now,
        generation,
        str(ACTOR),
        move.reason,
        verdict=move.verdict,
        closing=move.closing,
        before=last_minute(arms.candidate, arms.control, slots, now),
    )
    return transition(stored, move.after, move.kind, occasion)


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
        begins = each.before.state.phase is Phase.STARTING and each.after.state.splitting
        if begins:  # a start may have waited for days: what was true when it was asked for
            obstacle = obstacle or unserved(view, each.before, releasable)
            if not obstacle and budget_lacking(view, each.before):
                continue
        moving: Transition | None = each
        if obstacle:
            met_by = obstacles.met_by(flags, each.before, each.after)
            moving = _ending(each, obstacles.sentence(obstacle, each.after, moved=met_by))
        elif each.after.state.phase is Phase.ROLLED_BACK:
            moving = back(view, each.stored, each.occasion, releasable)
        possible += [moving] if moving else []
    return possible


def _ending(each: Transition, reason: str) -> Transition:
    occasion = Occasion(each.occasion.now, each.occasion.generation, str(ACTOR), reason)
    if each.before.shift is None:
        after = state.supersede(each.before.state, occasion.now)
        return transition(each.stored, after, "superseded", occasion)
    after = state.roll_back(each.before.state, occasion.now)
    return transition(each.stored, after, "rolled_back", occasion)
