"""What requests about rollouts look like."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from functions.administration import ChangeBody
from functions.errors import InvalidArgument
from functions.rollouts import criterion
from functions.rollouts.criterion import Criterion
from functions.rollouts.plan import Criteria, Limits, Plan, Stage
from functions.rollouts.templates import TEMPLATES

Number = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Name = Annotated[str, Field(min_length=1, max_length=100)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class StageBody(_Body):
    """A stage; without `max_wait_seconds` it waits three times its bake, and a minute more."""

    percentage: Number
    bake_seconds: Number
    max_wait_seconds: Number | None = None

    def stage(self) -> Stage:
        wait = self.max_wait_seconds
        return Stage(
            self.percentage,
            self.bake_seconds,
            3 * self.bake_seconds + 60 if wait is None else wait,
        )


class LimitsBody(_Body):
    error_rate: Number | None = None
    slow_rate: Number | None = None
    memory: Number | None = None
    strikes: Count | None = None
    check_requests: Count | None = None
    disaster_rate: Number | None = None
    disaster_requests: Count | None = None


class CriterionBody(_Body):
    """The mean of a measure that the service reports, within one bound or two."""

    name: Annotated[str, Field(max_length=40)]
    samples: Count | None = None
    at_least: Number | None = None
    at_most: Number | None = None


class CriteriaBody(_Body):
    requests: Count | None = None
    error_rate: Number | None = None
    measures: list[CriterionBody] = Field(default=[], max_length=criterion.MAXIMUM)
    budget: Number | None = None

    def criteria(self) -> Criteria:
        given = self.model_dump(exclude_none=True)
        measures = tuple(Criterion(**each) for each in given.pop("measures"))
        return Criteria(**given, measures=measures)


class PlanBody(_Body):
    """A plan of one's own. What isn't given is as in plan.py."""

    name: Name = "custom"
    stages: list[StageBody] = Field(min_length=1, max_length=20)
    watch_seconds: Number | None = None
    holdback: Number | None = None
    alpha: Number | None = None
    tolerance: Number | None = None
    automatic: bool = True
    limits: LimitsBody = LimitsBody()
    criteria: CriteriaBody = CriteriaBody()

    def plan(self) -> Plan:
        given = self.model_dump(exclude_none=True, exclude={"stages", "limits", "criteria"})
        return Plan(
            stages=tuple(stage.stage() for stage in self.stages),
            limits=Limits(**self.limits.model_dump(exclude_none=True)),
            criteria=self.criteria.criteria(),
            **given,
        )


class CreateBody(ChangeBody):
    """`plan` is the name of a template, or a plan."""

    flag: Name
    candidate: Name
    plan: Name | PlanBody
    service: Annotated[str, Field(max_length=100)] | None = None

    def wanted(self) -> Plan:
        """Raises InvalidArgument for a template that doesn't exist."""
        if isinstance(self.plan, PlanBody):
            return self.plan.plan()
        if self.plan not in TEMPLATES:
            raise InvalidArgument(
                f"There is no plan {self.plan!r}; there are {', '.join(TEMPLATES)}."
            )
        return TEMPLATES[self.plan]


class CommandBody(ChangeBody):
    """A command carries the stage that was seen; it is refused when the rollout has moved on."""

    expected_stage: Annotated[int, Field(ge=0, le=100)] | None = None


class StartBody(ChangeBody):
    """`override_quarantine` releases a candidate again that was taken back before."""

    override_quarantine: bool = False
