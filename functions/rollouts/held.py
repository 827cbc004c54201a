"""What keeps a rollout from its next step, whatever is seen of it: closed hours, an approval. Pure.

What takes users back never waits for either.
"""

from __future__ import annotations

from functions.rollouts.opening import is_open
from functions.rollouts.plan import RAISES, Type
from functions.rollouts.rollout import CORRUPTION, SECURITY, Rollout
from functions.rollouts.state import Phase


def closed(rollout: Rollout, now: float) -> bool:
    """Whether its openings keep it from starting, or from its next raise."""
    plan, where = rollout.plan, rollout.state
    if is_open(plan.openings, now):
        return False
    if plan.type is Type.HOTFIX and rollout.cause in (SECURITY, CORRUPTION):
        return False
    return where.phase is Phase.STARTING or (plan.open_for == RAISES and raises(rollout))


def raises(rollout: Rollout) -> bool:
    """Whether its next step gives the candidate more users."""
    where = rollout.state
    return where.within is Phase.BAKING and where.stage < rollout.plan.last


def unapproved(rollout: Rollout) -> bool:
    """Whether the next stage waits for a person."""
    following = rollout.state.stage + 1
    return (
        raises(rollout)
        and rollout.plan.stages[following].approval
        and rollout.state.approved < following
    )
