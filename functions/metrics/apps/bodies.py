"""Batches of events, and metrics as they are declared, as bodies and answers."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from functions.administration import Answer, ChangeAnswer, ChangeBody
from functions.metrics.apps.declared import (
    LONGEST_ABOUT,
    LONGEST_UNIT,
    SERVICE,
    AppMetric,
    Better,
    Kind,
)
from functions.metrics.apps.event import Event
from functions.metrics.measures import LARGEST

MAXIMUM_EVENTS = 500
BATCH_ID = r"^[A-Za-z0-9_-]{8,128}$"
LONGEST_NAME = 64
LATEST = 1e11

Value = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
Context = Annotated[dict[str, Any], Field(max_length=1_000)]


class AppEvent(BaseModel):
    """Something that happened in an app."""

    model_config = ConfigDict(extra="forbid", strict=True)

    metric: str = Field(max_length=LONGEST_NAME, description="The name of a declared metric.")
    value: Value | None = Field(default=None, description="What its kind takes.")
    at: float | None = Field(
        default=None, ge=0, le=LATEST, description="When; seconds since the epoch. Left out: now."
    )
    context: Context | None = Field(
        default=None, description="The user's, as for flags. Left out: the batch's."
    )


class EventBatch(BaseModel):
    """Events that are counted together, once by this id."""

    model_config = ConfigDict(extra="forbid", strict=True)

    batch: str = Field(pattern=BATCH_ID, description="Your own id of this batch.")
    context: Context | None = Field(
        default=None, description="Of events that have none of their own."
    )
    events: list[AppEvent] = Field(min_length=1, max_length=MAXIMUM_EVENTS)

    def told(self) -> list[Event]:
        shared = self.context or {}
        return [
            Event(
                each.metric,
                each.value,
                each.at,
                shared if each.context is None else each.context,
            )
            for each in self.events
        ]

    def contexts(self) -> dict[str, dict[str, Any]]:
        """Each that was given, by where it stands."""
        given = {f"events.{i}.context": each.context for i, each in enumerate(self.events)}
        return {
            where: context
            for where, context in {"context": self.context, **given}.items()
            if context is not None
        }


class TakenBatch(Answer):
    """A batch that was counted; with `duplicate`, when it came before."""

    batch: str
    events: int = Field(description="That were taken.")
    late: int = Field(description="Of these, too late to count: they are counted as late only.")
    duplicate: bool


class DeclaredMetric(ChangeBody):
    """What events of this name mean."""

    kind: Kind = Field(strict=False)
    service: str = Field(default="", max_length=63, pattern=f"^({SERVICE.pattern})?$")
    unit: str = Field(default="", max_length=LONGEST_UNIT)
    better: Better = Field(default=Better.NONE, strict=False)
    about: str = Field(default="", max_length=LONGEST_ABOUT)

    def metric(self, name: str) -> AppMetric:
        return AppMetric(name, self.kind, self.service, self.unit, self.better, self.about)


class MetricShown(Answer):
    """A declared metric."""

    name: str
    kind: str
    service: str = Field(description="Empty: the app's own.")
    unit: str
    better: str
    about: str


class MetricAnswer(Answer):
    metric: MetricShown


class MetricList(Answer):
    metrics: list[MetricShown]


class MetricChanged(ChangeAnswer):
    metric: MetricShown


def shown(metric: AppMetric) -> dict[str, Any]:
    """As people see it."""
    return {"name": metric.name, **metric.to_definition()}
