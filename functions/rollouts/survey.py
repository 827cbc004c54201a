"""What a step reads of the rollouts that it looks at, all at one time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from functions.alerts.alarm import Alarm
from functions.alerts.objectives.left import budgets_left
from functions.documents import Reads, Scope, Store
from functions.metrics.store import RECENT_SECONDS, load_recent
from functions.metrics.windows import Window
from functions.rollouts.in_turn import Alarms, ByArm, by_arm
from functions.rollouts.look import Told
from functions.rollouts.rollout import Rollout
from functions.rollouts.store import Stored, StoredEvidence, evidence_of
from functions.rollouts.traffic.stand import Standings, unconcerned

Recent = Callable[[Store, Scope, float, float], list[Window]]
"""Reads the slots of so many seconds before a time, as metrics.store.load_recent does."""


def nothing_fires(_service: str, _version: str) -> Sequence[Alarm]:
    return ()


@dataclass(frozen=True, slots=True)
class Survey:
    """All that was read of some rollouts, at one time."""

    now: float
    stored: Sequence[Stored]
    kept: Mapping[str, StoredEvidence]
    slots: ByArm
    budgets: Mapping[str, float | None]

    def slots_of(self, rollout: Rollout) -> list[Window]:
        """Of both arms, whatever generation they were served under."""
        arms = rollout.arms
        return [*self.slots.get(arms.candidate, ()), *self.slots.get(arms.control, ())]


@dataclass(frozen=True)
class Sources:
    """Where a step reads what is known of rollouts."""

    store: Store
    scope: Scope
    alarms: Alarms = nothing_fires
    recent: Recent = load_recent
    traffic: Standings = unconcerned

    def survey(self, reads: Reads, stored: Sequence[Stored], now: float) -> Survey:
        """Raises StoreUnavailable."""
        rollouts = [each.rollout for each in stored]
        kept = evidence_of(reads, self.scope, rollouts)
        slots = self.slots(now, span(kept, now)) if stored else {}
        return Survey(now, stored, kept, slots, budgets(reads, self.scope, rollouts))

    def slots(self, now: float, seconds: float = RECENT_SECONDS) -> ByArm:
        return by_arm(self.recent(self.store, self.scope, now, seconds))

    def told(self, rollout: Rollout, survey: Survey) -> Told:
        versions = (rollout.candidate, rollout.control)
        candidate, control = (self.alarms(rollout.measured_as, version) for version in versions)
        left = survey.budgets.get(rollout.service)
        return Told(candidate, control, left, self.traffic(rollout, survey.now))


def budgets(reads: Reads, scope: Scope, rollouts: Collection[Rollout]) -> dict[str, float | None]:
    """What is left of the error budgets of those services whose rollouts ask for it."""
    asked = {each.service for each in rollouts if _asks_for_budget(each)}
    return budgets_left(reads, scope, asked)


def span(kept: Mapping[str, StoredEvidence], now: float) -> float:
    """How far back slots are needed: to where the oldest evidence ends."""
    oldest = min((each.evidence.through for each in kept.values()), default=now)
    return max(float(RECENT_SECONDS), now - oldest)


def _asks_for_budget(rollout: Rollout) -> bool:
    plan = rollout.plan
    return any(plan.criteria_at(stage).budget is not None for stage in range(len(plan.stages)))
