"""The way back from a split, whether the judge or a person asks for it."""

from __future__ import annotations

from dataclasses import replace

from functions.changes import View
from functions.flags.flag import Flag
from functions.rollouts import state
from functions.rollouts.promotion import promoted
from functions.rollouts.rollout import Occasion
from functions.rollouts.state import Phase
from functions.rollouts.store import Stored
from functions.rollouts.target import Releasable, target
from functions.rollouts.transition import Transition, follow, roll_back, transition


def back(
    view: View, stored: Stored, occasion: Occasion, releasable: Releasable
) -> Transition | None:
    """The rollback; or the block, when no version can serve; None when it is blocked already."""
    rollout = stored.rollout
    variant = target(view, rollout, releasable)
    if variant is None:
        if rollout.state.phase is Phase.BLOCKED:
            return None
        blocked = state.block(rollout.state, occasion.now)
        return transition(stored, blocked, "blocked", occasion)
    moving = roll_back(stored, state.roll_back(rollout.state, occasion.now), occasion)
    if variant == rollout.control:
        return moving
    document = view.get(view.scope.doc("flags", rollout.flag))
    if document is None:
        return moving
    moving = replace(moving, after=replace(moving.after, restored=variant))
    definition = follow(Flag.from_document(document.data), moving.after).definition
    return replace(
        moving, definitions={rollout.flag: promoted(definition, rollout.control, variant)}
    )
