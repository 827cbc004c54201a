"""The course of a rollout by hand: it pauses, goes on, takes a step or the last one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from functions.changes import Decision, View
from functions.metrics.windows import Window
from functions.rollouts import state, store
from functions.rollouts.after.remove_flags import Removal, removal_of
from functions.rollouts.commands.asked import Asked, Deciding, moving, occasion, require_stage
from functions.rollouts.commands.requirements import require_approved, require_open
from functions.rollouts.evidence import last_minute
from functions.rollouts.look import look
from functions.rollouts.rollout import Approval, Rollout
from functions.rollouts.state import Phase, State
from functions.rollouts.transition import Transition, decide, transition


def pause(identifier: str, asked: Asked) -> Deciding:
    """Keeps the split and stays guarded, but no longer advances."""
    return moving(identifier, asked, "paused", lambda view, it: state.pause(it.state, view.now))


def resume(identifier: str, asked: Asked) -> Deciding:
    """On with the bake where it stopped; one that was paused when it was blocked is paused."""

    def deciding(view: View) -> Decision:
        stored = store.find(view, view.scope, identifier)
        require_stage(stored.rollout, asked)
        after = state.resume(stored.rollout.plan, stored.rollout.state, view.now)
        kind = "paused" if after.phase is Phase.PAUSED else "resumed"
        made = transition(stored, after, kind, occasion(view, asked))
        return decide(view, [made], made.after)

    return deciding


def promote(identifier: str, asked: Asked, windows: Sequence[Window] = ()) -> Deciding:
    """One step on by hand: the next stage, the watch, or success. `windows`: the recent slots."""
    return _stepping(
        identifier,
        asked,
        "promoted",
        lambda it, now: state.advance(it.plan, it.state, now),
        windows,
    )


def increase(
    identifier: str, asked: Asked, percentage: float, windows: Sequence[Window] = ()
) -> Deciding:
    """More users by hand now: `percentage` (0..100) of them."""
    return _stepping(
        identifier,
        asked,
        "increased",
        lambda it, now: state.increase(it.plan, it.state, percentage, now),
        windows,
    )


@dataclass(frozen=True, slots=True)
class Completed:
    """A rollout that was completed; `removal`: of its temporary flags, where that was asked for."""

    rollout: Rollout
    removal: Removal | None = None


def complete(
    identifier: str,
    asked: Asked,
    windows: Sequence[Window] = (),
    *,
    remove_flags: bool = False,
    force: bool = False,
) -> Deciding:
    """Success now, from the last stage or the watch: the candidate is the default. Its result is
    Completed.

    With `remove_flags` its temporary flags are archived in the same commit. Raises
    FailedPrecondition when one of them can't be (`force`: whether or not apps still ask for them):
    then nothing is done.
    """

    def deciding(view: View) -> Decision:
        made = _step(
            view,
            identifier,
            asked,
            "completed",
            lambda it, now: state.complete(it.plan, it.state, now),
            windows,
        )
        if not remove_flags:
            return decide(view, [made], Completed(made.after))
        removal, _ = removal_of(view, made.after, force=force)
        made = replace(made, archives=removal.removed)
        return decide(view, [made], Completed(made.after, removal))

    return deciding


def _stepping(
    identifier: str,
    asked: Asked,
    kind: str,
    step: Callable[[Rollout, float], State],
    windows: Sequence[Window],
) -> Deciding:
    """Its result is the Rollout."""

    def deciding(view: View) -> Decision:
        made = _step(view, identifier, asked, kind, step, windows)
        return decide(view, [made], made.after)

    return deciding


def _step(
    view: View,
    identifier: str,
    asked: Asked,
    kind: str,
    step: Callable[[Rollout, float], State],
    windows: Sequence[Window],
) -> Transition:
    """A step by hand, which closes the stage that it leaves. A person who takes it approves of all
    that it enters or passes; of a hotfix a second one has to have done so before."""
    stored = store.find(view, view.scope, identifier)
    rollout = stored.rollout
    require_stage(rollout, asked)
    after = step(rollout, view.now)
    require_open(rollout, view.now)
    if after.running:
        require_approved(rollout, state.reached(rollout.plan, after))
        after = replace(after, approved=max(after.approved, after.stage))
    kept = store.evidence_of(view, view.scope, [rollout])[rollout.id]
    arms = rollout.arms
    made = transition(
        stored,
        after,
        kind,
        replace(
            occasion(view, asked),
            closing=look(rollout, kept.evidence, windows, view.now).stage_evidence,
            before=last_minute(arms.candidate, arms.control, windows, view.now),
        ),
    )
    approvals = (*rollout.approvals, *_approvals(rollout, after, asked, view.now))
    return replace(made, after=replace(made.after, approvals=approvals))


def _approvals(rollout: Rollout, after: State, asked: Asked, now: float) -> list[Approval]:
    """Of the last stage among those which it enters or passes that nobody had approved."""
    entered = range(rollout.state.approved + 1, after.stage + 1)
    asking = [number for number in entered if rollout.plan.stages[number].approval]
    return [Approval(asked.actor, now, asking[-1])] if asking else []
