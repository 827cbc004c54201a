"""Who is to get the candidate: how many of everybody, and how many of which audiences. Pure.

    stage 1: 50 % of beta      {beta: 50}       everybody: 0
    stage 2: 10 %              {beta: 50}       everybody: 10
    stage 3: 60 %              {}               everybody: 60

What an audience was given stays until everybody has as much, so that no stage moves anybody out.
"""

from __future__ import annotations

from dataclasses import dataclass

from functions.flags.split import Audience
from functions.rollouts import state
from functions.rollouts.plan import Plan
from functions.rollouts.state import State


@dataclass(frozen=True, slots=True)
class Reach:
    """Percentages (0..100) of everybody, and of the audiences that get more."""

    everybody: float = 0.0
    audiences: tuple[Audience, ...] = ()

    @property
    def by_chance(self) -> bool:
        """Whether chance alone picks who gets the candidate: else the arms aren't comparable."""
        return not self.audiences

    def within(self, other: Reach) -> bool:
        """Whether nobody gets the candidate here who doesn't get it there."""
        given = {each.segment: each.percentage for each in other.audiences}
        return self.everybody <= other.everybody and all(
            each.percentage <= max(given.get(each.segment, 0.0), other.everybody)
            for each in self.audiences
        )


def reach(plan: Plan, where: State) -> Reach:
    """What the rollout gives in this state; nothing while nobody gets the candidate."""
    if not where.splitting:
        return Reach()
    everybody, shares = 0.0, dict[str, float]()
    for number in range(where.stage + 1):
        audience = plan.stages[number].audience
        share = plan.percentage(number)
        if number == where.stage:
            share = state.percentage(plan, where)
        if audience:
            shares[audience] = max(share, shares.get(audience, 0.0))
        else:
            everybody = max(everybody, share)
    more = {segment: share for segment, share in shares.items() if share > everybody}
    return Reach(everybody, tuple(Audience(*each) for each in sorted(more.items())))
