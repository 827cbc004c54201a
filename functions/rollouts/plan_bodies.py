"""What a plan looks like in a request. What isn't given is as in plan.py."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.errors import InvalidArgument
from functions.metrics.measures import LARGEST
from functions.rollouts import check, criterion, opening
from functions.rollouts.check import Check
from functions.rollouts.criterion import Criterion
from functions.rollouts.fitting import service_of
from functions.rollouts.foresight import Traffic
from functions.rollouts.opening import PARIS, Opening
from functions.rollouts.plan import Criteria, Limits, Plan, Stage, Type, Without
from functions.rollouts.templates import TEMPLATES
from functions.rollouts.validation import MAXIMUM_CRITICAL, MAXIMUM_STAGES

Number = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Bound = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Metric = Annotated[str, Field(max_length=40)]
NUMBERS = {"watch_seconds", "holdback", "alpha", "tolerance"}
Following = Literal["pause", "roll_back"]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class LimitsBody(_Body):
    error_rate: Number | None = None
    slow_rate: Number | None = None
    memory: Number | None = None
    strikes: Count | None = None
    check_requests: Count | None = None
    disaster_rate: Number | None = None
    disaster_requests: Count | None = None

    def limits(self) -> Limits:
        return Limits(**self.model_dump(exclude_none=True))


class CriterionBody(_Body):
    """The mean of a measure that the service reports, within bounds, or against the control's."""

    name: Metric
    samples: Count | None = None
    at_least: Bound | None = None
    at_most: Bound | None = None
    worse_by: Number | None = None
    better: Literal["higher", "lower"] | None = None
    optional: bool = False


class CriteriaBody(_Body):
    requests: Count | None = None
    error_rate: Number | None = None
    measures: list[CriterionBody] = Field(default=[], max_length=criterion.MAXIMUM)
    budget: Number | None = None

    def criteria(self) -> Criteria:
        given = self.model_dump(exclude_none=True)
        measures = tuple(Criterion(**each) for each in given.pop("measures"))
        return Criteria(**given, measures=measures)


class StageBody(_Body):
    """A stage; without `max_wait_seconds` it waits three times its bake, and a minute more."""

    percentage: Number
    bake_seconds: Number
    max_wait_seconds: Number | None = None
    audience: Annotated[str, Field(max_length=100)] = ""
    approval: bool = False
    criteria: CriteriaBody | None = None
    limits: LimitsBody | None = None

    def stage(self) -> Stage:
        wait = self.max_wait_seconds
        return Stage(
            self.percentage,
            self.bake_seconds,
            3 * self.bake_seconds + 60 if wait is None else wait,
            audience=self.audience,
            approval=self.approval,
            criteria=self.criteria.criteria() if self.criteria else None,
            limits=self.limits.limits() if self.limits else None,
        )


class CheckBody(_Body):
    """A number that takes the candidate back, beside the limits."""

    metric: Metric
    below: Bound | None = None
    above: Bound | None = None
    fall: Number | None = None
    rise: Number | None = None
    samples: Count | None = None
    strikes: Count | None = None
    seconds: Number | None = None
    optional: bool = False

    def check(self) -> Check:
        return Check(**self.model_dump(exclude_none=True))


class OpeningBody(_Body):
    """Days are 0 (Monday) to 6; `begins` and `ends` are minutes since midnight in the zone."""

    days: list[Annotated[int, Field(ge=0, le=6)]] = Field(min_length=1, max_length=7)
    begins: Annotated[int, Field(ge=0, le=1440)]
    ends: Annotated[int, Field(ge=0, le=1440)]
    zone: Annotated[str, Field(max_length=40)] = PARIS

    def opening(self) -> Opening:
        return Opening(tuple(self.days), self.begins, self.ends, self.zone)


class PlanBody(_Body):
    """A plan of one's own. Without `automatic` only the type `manual` isn't; without `holdback` the
    type `blue-green` has none."""

    name: Name = "custom"
    stages: list[StageBody] = Field(min_length=1, max_length=MAXIMUM_STAGES)
    watch_seconds: Number | None = None
    holdback: Number | None = None
    alpha: Number | None = None
    tolerance: Number | None = None
    automatic: bool | None = None
    limits: LimitsBody = LimitsBody()
    criteria: CriteriaBody = CriteriaBody()
    type: Literal["manual", "automated", "canary", "blue-green", "hotfix"] = "automated"
    checks: list[CheckBody] = Field(default=[], max_length=check.MAXIMUM)
    critical: list[Annotated[str, Field(max_length=40)]] = Field(
        default=[], max_length=MAXIMUM_CRITICAL
    )
    openings: list[OpeningBody] = Field(default=[], max_length=opening.MAXIMUM)
    open_for: Literal["start", "raises"] = "start"
    on_inconclusive: Following = "pause"
    on_no_data: Following = "pause"

    def plan(self) -> Plan:
        kind, automatic = Type(self.type), self.automatic
        numbers = self.model_dump(exclude_none=True, include=NUMBERS)
        if kind is Type.BLUE_GREEN:
            numbers.setdefault("holdback", 0.0)
        return Plan(
            name=self.name,
            stages=tuple(stage.stage() for stage in self.stages),
            automatic=kind is not Type.MANUAL if automatic is None else automatic,
            limits=self.limits.limits(),
            criteria=self.criteria.criteria(),
            type=kind,
            checks=tuple(each.check() for each in self.checks),
            critical=tuple(self.critical),
            openings=tuple(each.opening() for each in self.openings),
            open_for=self.open_for,
            on_inconclusive=Without(self.on_inconclusive),
            on_no_data=Without(self.on_no_data),
            **numbers,
        )


def named_or_given(plan: str | PlanBody) -> Plan:
    """Raises InvalidArgument for a template that doesn't exist."""
    if isinstance(plan, PlanBody):
        return plan.plan()
    if plan not in TEMPLATES:
        raise InvalidArgument(f"There is no plan {plan!r}; there are {', '.join(TEMPLATES)}.")
    return TEMPLATES[plan]


class TrafficBody(_Body):
    """Requests a second of all users, and how many of them fail (0 to 1)."""

    requests_per_second: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
    error_rate: Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)] = 0.0

    def traffic(self) -> Traffic:
        return Traffic(self.requests_per_second, self.error_rate)


class PreviewBody(_Body):
    """`plan` is the name of a template, or a plan. The service is named, or told by the flag:
    `stories` by `stories.version`. Without `traffic` it is what was measured in the last days."""

    plan: Name | PlanBody
    flag: Name | None = None
    service: Annotated[str, Field(max_length=100)] | None = None
    traffic: TrafficBody | None = None

    def wanted(self) -> Plan:
        """Raises InvalidArgument for a template that doesn't exist."""
        return named_or_given(self.plan)

    def of_service(self) -> str:
        """ "" for nobody's. Raises InvalidArgument where neither is named."""
        if self.service is not None:
            return self.service
        if self.flag is None:
            raise InvalidArgument("Name the `flag` or the `service` that the plan is for.")
        return service_of(self.flag)
