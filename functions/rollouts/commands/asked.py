"""What all commands have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from functions.changes import Decision, View
from functions.errors import GenerationConflict
from functions.rollouts import store
from functions.rollouts.rollout import Occasion, Rollout
from functions.rollouts.state import State
from functions.rollouts.transition import decide, transition

Deciding = Callable[[View], Decision]


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks and why; `stage` is the one that they saw (Rollout.step), or None."""

    actor: str
    reason: str = ""
    stage: int | None = None


def occasion(view: View, asked: Asked) -> Occasion:
    return Occasion(view.now, view.next_generation, asked.actor, asked.reason)


def require_stage(rollout: Rollout, asked: Asked) -> None:
    """Raises GenerationConflict."""
    if asked.stage is not None and asked.stage != rollout.step:
        raise GenerationConflict(
            f"The rollout is at stage {rollout.step}, not {asked.stage}.",
            extra={"expected_stage": asked.stage, "stage": rollout.step},
        )


def moving(
    identifier: str, asked: Asked, kind: str, move: Callable[[View, Rollout], State]
) -> Deciding:
    """One rollout in the stage that was seen, to what `move` makes of it. Its result is the
    Rollout."""

    def deciding(view: View) -> Decision:
        stored = store.find(view, view.scope, identifier)
        require_stage(stored.rollout, asked)
        after = move(view, stored.rollout)
        made = transition(stored, after, kind, occasion(view, asked))
        return decide(view, [made], made.after)

    return deciding
