"""What the routes of rollouts answer."""

from __future__ import annotations

from functions.administration import Answer, ChangeAnswer
from functions.rollouts.plan_answers import PlanAnswer
from functions.rollouts.state import Paused, Phase
from functions.rollouts.verdict import Kind


class VerdictAnswer(Answer):
    """What was known, in a sentence and in figures."""

    kind: Kind
    rule: str
    sentence: str
    figures: dict[str, float]
    method: str
    value: float | None
    sample: int
    window_seconds: float


class MovedAnswer(Answer):
    """A further flag that moves with the rollout."""

    flag: str
    control: str
    candidate: str


class ApprovalAnswer(Answer):
    """Who let which stage begin, and when."""

    by: str
    at: float
    stage: int


class _Rollout(Answer):
    """Times are seconds since the epoch. `percentage` is of the members of `audience` where one is
    named, else of everybody."""

    id: str
    flag: str
    service: str
    control: str
    candidate: str
    phase: Phase
    stage: int
    stages: int
    percentage: float
    since: float
    deadline: float | None
    created_at: float
    created_by: str
    reason: str
    decided_at: float
    verdict: VerdictAnswer | None
    quarantined: bool
    audience: str
    paused_for: Paused | None
    approved: int
    also: list[MovedAnswer]
    cause: str
    if_running: str
    approvals: list[ApprovalAnswer]


class RolloutSummary(_Rollout):
    """One line of a list; `plan` is its name."""

    plan: str


class Rollouts(Answer):
    rollouts: list[RolloutSummary]


class Now(VerdictAnswer):
    """What the judge would say at this moment."""

    elapsed: float
    needed: float
    e_value_of_stage: float


class StepAnswer(Answer):
    """A split that was in force, to which a step back leads."""

    stage: int
    percentage: float | None


class StateAnswer(Answer):
    phase: Phase
    stage: int
    since: float
    deadline: float | None
    paused_from: Phase | None
    paused_at: float | None
    resumed_at: float | None
    paused_for: Paused | None
    approved: int
    percentage: float | None
    raised: list[StepAnswer]


class EventAnswer(Answer):
    """A transition."""

    number: int
    kind: str
    at: float
    actor: str
    reason: str
    generation: int
    state: StateAnswer
    phase_before: Phase
    phase: Phase
    stage: int
    percentage_before: float
    percentage: float
    verdict: VerdictAnswer | None


class WholeRollout(_Rollout):
    """Everything: the plan, what is known now, and how it came to be."""

    plan: PlanAnswer
    preview: list[str]
    preview_fr: list[str]
    generation: int
    now: Now | None
    events: list[EventAnswer]


class RolloutChanged(ChangeAnswer):
    rollout: RolloutSummary


class RolloutCreated(RolloutChanged):
    preview: list[str]
    preview_fr: list[str]
