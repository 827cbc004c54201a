"""What requests about rollouts look like."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from functions.administration import ChangeBody
from functions.rollouts.plan import Plan
from functions.rollouts.plan_bodies import Name, PlanBody, named_or_given


class CreateBody(ChangeBody):
    """`plan` is the name of a template, or a plan."""

    flag: Name
    candidate: Name
    plan: Name | PlanBody
    service: Annotated[str, Field(max_length=100)] | None = None

    def wanted(self) -> Plan:
        """Raises InvalidArgument for a template that doesn't exist."""
        return named_or_given(self.plan)


class CommandBody(ChangeBody):
    """A command carries the stage that was seen; it is refused when the rollout has moved on."""

    expected_stage: Annotated[int, Field(ge=0, le=100)] | None = None


class StartBody(ChangeBody):
    """`override_quarantine` releases a candidate again that was taken back before."""

    override_quarantine: bool = False
