"""What the routes of serving answer."""

from __future__ import annotations

from functions.administration import Answer, ChangeAnswer
from functions.rollouts.traffic.record import Record
from functions.rollouts.traffic.serving import Serving


class MoveView(Answer):
    """The last time that all traffic followed a rollback. `became`: asked, applied, confirmed,
    refused or drifted; `before`: percent by revision. Times are seconds since the epoch."""

    rollout: str
    version: str
    revision: str
    became: str
    asked_at: float
    applied_at: float | None
    ended_at: float | None
    before: dict[str, int]
    reason: str


class TrafficView(Answer):
    """What Cloud Run said last, `at`: `shares` are percent by revision. `revision` is meant to
    serve alone, for the sake of `rollout`; `comparison`: converged, converging, drifted, failed or
    null. `trouble`: why it can't be asked."""

    at: float
    shares: dict[str, int]
    rollout: str
    revision: str
    comparison: str | None
    move: MoveView | None
    trouble: str


class ServingView(Answer):
    """Rollbacks since `since` move traffic."""

    service: str
    cloud_run: str
    revisions: dict[str, str]
    health_url: str
    since: float


class ServingWithTraffic(ServingView):
    """`traffic` is null until Cloud Run was asked."""

    traffic: TrafficView | None


class ServingList(Answer):
    """`unreadable`: those that this bundle can't read, and leaves out."""

    serving: list[ServingView]
    unreadable: list[str]


class ServingShown(Answer):
    serving: ServingWithTraffic


class ServingChanged(ChangeAnswer):
    serving: ServingView


def serving_view(serving: Serving) -> dict[str, object]:
    return {"service": serving.service, **serving.to_document()}


def traffic_view(record: Record) -> dict[str, object]:
    kept = record.to_document()
    return {name: kept[name] for name in TrafficView.model_fields}
