"""Letting a rollout begin: its start, its place in the queue, and approvals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from functions.changes import Decision, Entry, View
from functions.documents import Write
from functions.errors import FailedPrecondition
from functions.rollouts import state, store
from functions.rollouts.commands import requirements
from functions.rollouts.commands.asked import Asked, Deciding, occasion, require_stage
from functions.rollouts.plan import Type
from functions.rollouts.rollout import QUEUE, SUPERSEDE, Approval, Rollout
from functions.rollouts.state import ENDED, Phase
from functions.rollouts.store import Stored
from functions.rollouts.target import Releasable, anything, target
from functions.rollouts.transition import Transition, decide, transition


def start(
    identifier: str,
    asked: Asked,
    *,
    override_quarantine: bool = False,
    releasable: Releasable = anything,
) -> Deciding:
    """Asks the controller to begin. Asking again changes nothing. Where another rollout runs on one
    of its flags, or waits for its turn, it is queued, goes before it, or is refused, as it was
    created.

    Raises FailedPrecondition: another rollout runs on the flag, the flag has changed since, the
    candidate can't be served, was taken back before and `override_quarantine` isn't set, nobody has
    approved a hotfix or a first stage that asks for it, or the plan asks for more error budget than
    is left.
    """

    def deciding(view: View) -> Decision:
        stored = store.find(view, view.scope, identifier)
        rollout = stored.rollout
        if rollout.state.running or rollout.state.phase is Phase.QUEUED:
            return Decision(result=rollout)
        after = state.start(rollout.state, view.now)
        requirements.require_approved(rollout, 0)
        requirements.require_first_approved(rollout)
        flags = [each.flag for each in rollout.moves]
        others = store.running_on(view, view.scope, flags)
        # Only who supersedes goes before those that wait for their turn.
        ahead = [*others, *requirements.waiting_on(view, flags)]
        if rollout.if_running not in (QUEUE, SUPERSEDE):
            requirements.require_free(ahead, rollout)
        requirements.require_default(view, rollout)
        requirements.require_audiences(view, rollout.plan)
        for each in rollout.moves:
            releasable(view, each.flag, each.candidate)
        requirements.require_budget(view, rollout)
        held = requirements.held(view, rollout)
        if not override_quarantine:
            requirements.require_released(rollout, held)
        if ahead and rollout.if_running == QUEUE:
            waiting = state.queue(rollout.state, view.now)
            moving = transition(stored, waiting, "queued", occasion(view, asked))
            return _forgiving(decide(view, [moving], moving.after), held)
        gone = [_superseded(view, each, rollout, asked, releasable) for each in others]
        moving = transition(stored, after, "start_requested", occasion(view, asked))
        return _forgiving(decide(view, [*gone, moving], moving.after), held)

    return deciding


def approve(identifier: str, asked: Asked, stage: int | None = None) -> Deciding:
    """A person lets a stage begin, and all before it: ahead of time, or when it waits for that.
    `stage` None: the next that asks for it. Asking again changes nothing.

    Raises FailedPrecondition: the rollout has ended, no stage asks for it, or its creator asks for
    a hotfix.
    """

    def deciding(view: View) -> Decision:
        stored = store.find(view, view.scope, identifier)
        rollout = stored.rollout
        if rollout.state.phase in ENDED:
            state.approve(rollout.plan, rollout.state, 0, view.now)
        require_stage(rollout, asked)
        if rollout.plan.type is Type.HOTFIX and asked.actor == rollout.created_by:
            raise FailedPrecondition(
                "Who created a hotfix can't approve it: two people answer for it.",
                remedy="Ask somebody else.",
            )
        wanted = _next_approval(rollout) if stage is None else stage
        if wanted is None or wanted >= len(rollout.plan.stages):
            raise FailedPrecondition("No stage of this rollout waits for an approval.")
        if wanted <= rollout.state.approved:
            return Decision(result=rollout)
        after = state.approve(rollout.plan, rollout.state, wanted, view.now)
        moving = transition(stored, after, "approved", occasion(view, asked))
        approval = Approval(asked.actor, view.now, wanted)
        made = replace(moving.after, approvals=(*rollout.approvals, approval))
        return decide(view, [replace(moving, after=made)], made)

    return deciding


def _next_approval(rollout: Rollout) -> int | None:
    """The first stage ahead that nobody has approved and that asks for it."""
    plan, where = rollout.plan, rollout.state
    begun = where.stage if where.splitting else -1
    for number, stage in enumerate(plan.stages):
        asks = stage.approval or (number == 0 and plan.type is Type.HOTFIX)
        if asks and number > begun and number > where.approved:
            return number
    return None


def _superseded(
    view: View, other: Stored, rollout: Rollout, asked: Asked, releasable: Releasable
) -> Transition:
    """The rollout that was running gives way: its users go back in the same commit."""
    if target(view, other.rollout, releasable) != other.rollout.control:
        raise FailedPrecondition(
            f"The rollout {other.rollout.id} can't give way: {other.rollout.control}, to which its "
            "users would go back, can't be served.",
            remedy=requirements.way_out(other.rollout),
            extra={"rollout": other.rollout.id},
        )
    after = state.abort(other.rollout.state, view.now)
    why = replace(asked, reason=f"The rollout {rollout.id} takes its place. {asked.reason}".strip())
    return transition(other, after, "aborted", occasion(view, why))


def _forgiving(decision: Decision, held: Sequence[Stored]) -> Decision:
    """The decision, with these quarantines lifted in the same commit."""
    forgiven, overridden = lifted(held)
    return replace(
        decision,
        writes=[*decision.writes, *forgiven],
        entries=[*decision.entries, *overridden],
    )


def lifted(held: Sequence[Stored]) -> tuple[list[Write], list[Entry]]:
    """What lifts the quarantine of these rollouts' candidates."""
    writes = [
        Write.update(each.document, replace(each.rollout, quarantined=False).to_document())
        for each in held
    ]
    entries = [
        Entry("rollout.quarantine_overridden", f"rollouts/{each.rollout.id}") for each in held
    ]
    return writes, entries
