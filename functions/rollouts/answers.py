"""What the routes of rollouts answer."""

from __future__ import annotations

from functions.administration import Answer, ChangeAnswer
from functions.rollouts.plan import Type, Without
from functions.rollouts.state import Paused, Phase
from functions.rollouts.verdict import Kind


class LimitsAnswer(Answer):
    error_rate: float
    slow_rate: float
    memory: float
    strikes: int
    check_requests: int
    disaster_rate: float
    disaster_requests: int


class CriterionAnswer(Answer):
    name: str
    samples: int
    at_least: float | None
    at_most: float | None
    worse_by: float | None
    better: str
    optional: bool


class CriteriaAnswer(Answer):
    requests: int
    error_rate: float
    measures: list[CriterionAnswer]
    budget: float | None


class StageAnswer(Answer):
    percentage: float
    bake_seconds: float
    max_wait_seconds: float
    audience: str
    approval: bool
    criteria: CriteriaAnswer | None
    limits: LimitsAnswer | None


class CheckAnswer(Answer):
    metric: str
    below: float | None
    above: float | None
    fall: float | None
    rise: float | None
    samples: int
    strikes: int
    seconds: float
    optional: bool


class OpeningAnswer(Answer):
    days: list[int]
    begins: int
    ends: int
    zone: str


class PlanAnswer(Answer):
    name: str
    stages: list[StageAnswer]
    watch_seconds: float
    holdback: float
    alpha: float
    tolerance: float
    automatic: bool
    limits: LimitsAnswer
    criteria: CriteriaAnswer
    type: Type
    checks: list[CheckAnswer]
    critical: list[str]
    openings: list[OpeningAnswer]
    open_for: str
    on_inconclusive: Without
    on_no_data: Without


class PreviewedPlan(PlanAnswer):
    """A template, and in plain words what it does."""

    preview: list[str]


class Plans(Answer):
    plans: list[PreviewedPlan]


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


class _Rollout(Answer):
    """Times are seconds since the epoch."""

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
    generation: int
    now: Now | None
    events: list[EventAnswer]


class RolloutChanged(ChangeAnswer):
    rollout: RolloutSummary


class RolloutCreated(RolloutChanged):
    preview: list[str]
