"""Rollouts that wait until another one on their flags has ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from functions.changes import View
from functions.errors import FailedPrecondition
from functions.flags.flag import Flag
from functions.rollouts import obstacles, state, store
from functions.rollouts.commands.requirements import budget_lacking
from functions.rollouts.rollout import Moved, Occasion, Rollout
from functions.rollouts.store import Stored
from functions.rollouts.target import Releasable
from functions.rollouts.transition import Transition, transition


def next_in_line(waiting: Sequence[Stored], running: Sequence[Stored]) -> list[Stored]:
    """Those whose flags nobody uses, and nobody asked for earlier; `waiting` in their order."""
    taken = {moved.flag for each in running for moved in each.rollout.moves}
    found = []
    for each in waiting:
        flags = {moved.flag for moved in each.rollout.moves}
        if not flags & taken:
            found.append(each)
        taken |= flags
    return found


def begun(
    view: View, stored: Stored, occasion: Occasion, releasable: Releasable
) -> Transition | None:
    """It starts from what is the default by now; superseded when that makes no sense any more. None
    while too little is left of the error budget: it waits on, and those behind it."""
    moves = [_from_default(view, each) for each in stored.rollout.moves]
    obstacle = next((each for each in moves if isinstance(each, str)), "")
    obstacle = obstacle or _unreleased(view, stored.rollout, releasable)
    if obstacle:
        about = next(
            (
                old
                for old, new in zip(stored.rollout.moves, moves, strict=True)
                if isinstance(new, str)
            ),
            None,
        )
        said = obstacles.sentence(obstacle, stored.rollout, moved=about)
        why = replace(occasion, reason=said)
        after = state.supersede(stored.rollout.state, occasion.now)
        return transition(stored, after, "superseded", why)
    if budget_lacking(view, stored.rollout):
        return None
    found = [each for each in moves if isinstance(each, Moved)]
    after = state.start(stored.rollout.state, occasion.now)
    made = transition(stored, after, "dequeued", occasion)
    rebased = replace(made.after, control=found[0].control, also=tuple(found[1:]))
    return replace(made, after=rebased)


def _from_default(view: View, moved: Moved) -> Moved | str:
    """With the flag's default of now as the control; or why it can't be, one of obstacles.py."""
    document = view.get(view.scope.doc("flags", moved.flag))
    flag = Flag.from_document(document.data) if document else None
    if flag is None or flag.archived:
        return obstacles.GONE
    default = flag.definition.get("defaultVariant")
    if default == moved.candidate:
        return obstacles.ALREADY
    if default is None or moved.candidate not in flag.definition["variants"]:
        return obstacles.VARIANTS
    return replace(moved, control=str(default))


def _unreleased(view: View, rollout: Rollout, releasable: Releasable) -> str:
    for each in rollout.moves:
        # A start that overrode the quarantine lifted it: whatever is held now came later.
        if store.quarantined(view, view.scope, each.flag, each.candidate):
            return obstacles.QUARANTINED
    return unserved(view, rollout, releasable)


def unserved(view: View, rollout: Rollout, releasable: Releasable) -> str:
    """That one of its candidates can't be served any more, or nothing."""
    try:
        for each in rollout.moves:
            releasable(view, each.flag, each.candidate)
    except FailedPrecondition:
        return obstacles.UNSERVED
    return ""
