"""What an explanation is made from. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.rollouts.criteria import overspent
from functions.rollouts.look import Look
from functions.rollouts.rollout import Rollout
from functions.rollouts.state import Phase
from functions.rollouts.traffic.gate import UNCONCERNED, Standing


@dataclass(frozen=True, slots=True)
class Known:
    """
    look     what the judge says now; None while nobody gets the candidate
    events   the transitions as they are kept, oldest first
    now      epoch seconds
    ahead    ids of the other rollouts that run on its flags
    traffic  how it stands to Cloud Run's traffic
    budget   what is left of the service's error budget; None where nobody knows, or asks
    """

    rollout: Rollout
    look: Look | None
    events: Sequence[Mapping[str, Any]]
    now: float
    ahead: Sequence[str] = ()
    traffic: Standing = UNCONCERNED
    budget: float | None = None

    @property
    def elapsed(self) -> float:
        """Seconds of this stage or watch, less the pauses."""
        where = self.rollout.state
        until = self.now if where.paused_at is None else where.paused_at
        return max(0.0, until - where.since)

    @property
    def awaits_budget(self) -> bool:
        """Whether it would begin if more of the error budget were left."""
        begins = self.rollout.state.phase in (Phase.QUEUED, Phase.STARTING)
        return begins and overspent(self.rollout.plan, self.budget) is not None

    @property
    def left(self) -> float:
        """Seconds that the stage or watch lasts yet, at least."""
        return max(0.0, self.rollout.needed_seconds - self.elapsed)
