"""What requests about rollouts look like."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from functions.administration import ChangeBody
from functions.rollouts.plan import Plan
from functions.rollouts.plan_bodies import Name, PlanBody, named_or_given


class AlsoBody(BaseModel):
    """A further flag that moves with the rollout, and its variant."""

    model_config = ConfigDict(extra="forbid", strict=True)

    flag: Name
    candidate: Name


class CreateBody(ChangeBody):
    """`plan` is the name of a template, or a plan."""

    flag: Name
    candidate: Name
    plan: Name | PlanBody
    service: Annotated[str, Field(max_length=100)] | None = None
    also: list[AlsoBody] = Field(default=[], max_length=9)
    cause: Literal["", "security", "data corruption"] = ""
    if_running: Literal["queue", "supersede", "reject"] | None = None

    def wanted(self) -> Plan:
        """Raises InvalidArgument for a template that doesn't exist."""
        return named_or_given(self.plan)


class CommandBody(ChangeBody):
    """A command carries the stage that was seen, the watch being one more than the last; it is
    refused when the rollout has moved on."""

    expected_stage: Annotated[int, Field(ge=0, le=100)] | None = None


class StartBody(ChangeBody):
    """`override_quarantine` releases a candidate again that was taken back before."""

    override_quarantine: bool = False


class CompleteBody(CommandBody):
    """`remove_flags`: its temporary flags are archived with it; `force`: also those that apps still
    ask for, which then use the default in their code."""

    remove_flags: bool = False
    force: bool = False


class ApproveBody(CommandBody):
    """`stage`: which one may begin, counted from 0; the next that asks for it where not given."""

    stage: Annotated[int, Field(ge=0, le=100)] | None = None


class IncreaseBody(CommandBody):
    """`percentage` of the users who get the candidate, above the present one."""

    percentage: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]
