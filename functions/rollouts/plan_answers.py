"""What the routes about plans answer."""

from __future__ import annotations

from functions.administration import Answer
from functions.rollouts.plan import Type, Without


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


class PlanCheck(Answer):
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
    checks: list[PlanCheck]
    critical: list[str]
    openings: list[OpeningAnswer]
    open_for: str
    on_inconclusive: Without
    on_no_data: Without


class PreviewedPlan(PlanAnswer):
    """A template, and in plain words what it does, in English and French."""

    preview: list[str]
    preview_fr: list[str]


class Plans(Answer):
    plans: list[PreviewedPlan]


class TrafficAnswer(Answer):
    """`hours` are those that it was measured in; 0 when it was given."""

    requests_per_second: float
    error_rate: float
    hours: int


class WhatIfAnswer(Answer):
    """At a stage (from 0), the old version failing `control` a request and the new one `candidate`
    (0 to 1): the seconds until it is taken back, about. None: not within 90 days, or not compared.
    """

    stage: int
    percentage: float
    control: float
    candidate: float
    seconds: float | None


class LeftOutAnswer(Answer):
    """A metric of the plan that isn't in it here: `unreported`, or the service is `slower`."""

    name: str
    why: str


class PlanPreview(Answer):
    """A plan as it would be used, and what it comes to.

    earliest   when the candidate can be the default if it started now (epoch seconds); None: it
               can't at this traffic
    traffic    None: nothing was measured, and nothing given
    """

    plan: PlanAnswer
    preview: list[str]
    preview_fr: list[str]
    left_out: list[LeftOutAnswer]
    earliest: float | None
    traffic: TrafficAnswer | None
    what_if: list[WhatIfAnswer]
