"""What the routes of rollbacks answer. Times are seconds since the epoch."""

from __future__ import annotations

from typing import Any, Literal

from functions.administration import Answer
from functions.rollouts.after.rollback import Status
from functions.rollouts.answers import VerdictAnswer


class CheckAnswer(Answer):
    """One thing that was looked at after a rollback; `at` is 0 while it is pending."""

    name: str
    status: Status
    at: float
    english: str
    french: str
    figures: dict[str, float]


class DifferenceAnswer(Answer):
    """One place; `before` is missing where something was added, `after` where it was removed."""

    path: str
    before: Any = None
    after: Any = None


class RestoredAnswer(Answer):
    """A flag before the rollout and after the rollback: without differences it is restored."""

    flag: str
    control: str
    candidate: str
    revision_before: int | None
    revision: int
    differences: list[DifferenceAnswer]
    reaches: bool
    own_revisions: int
    places: int


class RollbackSummary(Answer):
    """A rollback as a deployment: of which version, to which, when, by whom, and whether it came
    about."""

    id: str
    type: Literal["rollback"]
    flag: str
    service: str
    control: str
    candidate: str
    percentage: float
    at: float
    by: str
    reason: str
    generation_before: int
    generation: int
    quarantined: bool
    status: Status
    verifying: bool


class Rollbacks(Answer):
    rollbacks: list[RollbackSummary]


class WholeRollback(RollbackSummary):
    """With what it was based on, what became of the flags, and every check."""

    error_limit: float
    usual: float | None
    verdict: VerdictAnswer | None
    flags: list[RestoredAnswer]
    checks: list[CheckAnswer]
    incidents: list[str]
    last_candidate_at: float
    checked_at: float
