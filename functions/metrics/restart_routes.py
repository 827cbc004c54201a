"""Restarting the collection of metrics, over the admin API.

POST /chat-metrics   {"action": "restart_collection"}
POST /metrics        the same
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import flask
from pydantic import Field

from functions import web
from functions.administration import Administration, ChangeAnswer, ChangeBody
from functions.changes import MAXIMUM_REASON
from functions.description import described
from functions.identity import Permission
from functions.metrics.restart import MOST_MINUTES, release, sum_up


class MetricsAction(ChangeBody):
    """`minutes`: how far back they are summed up again. The action says why, where nobody does."""

    action: Literal["restart_collection"]
    reason: str = Field(default="restart_collection", max_length=MAXIMUM_REASON)
    minutes: int = Field(default=60, ge=1, le=MOST_MINUTES)


class CollectionRestarted(ChangeAnswer):
    """`published_through` is the end of the last minute in Cloud Monitoring, null before the first;
    `publisher_released` whether somebody held the claim; `minutes_changed` how many sums were not
    as they ought to be."""

    published_through: float | None
    behind_seconds: float | None
    publisher_released: bool
    minutes: int
    minutes_changed: int


def blueprint(administration: Callable[[], Administration]) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("collection", __name__)

    @routes.post("/chat-metrics")
    @described(
        "Restart the collection of metrics",
        body=MetricsAction,
        answers={200: CollectionRestarted},
    )
    def chat_metrics() -> Any:
        return _restart(administration())

    @routes.post("/metrics")
    @described(
        "Restart the collection of metrics",
        body=MetricsAction,
        answers={200: CollectionRestarted},
    )
    def metrics() -> Any:
        return _restart(administration())

    return routes


def _restart(admin: Administration) -> Any:
    body = web.parse(MetricsAction)
    outcome = admin.commit(Permission.RESPOND, body, release)
    now = admin.clock.now()
    summed = sum_up(admin.store, admin.scope(), now, body.minutes)
    found = outcome.result
    return web.answer(
        {
            "generation": outcome.generation,
            "published_through": found.through,
            "behind_seconds": None if found.through is None else max(0.0, now - found.through),
            "publisher_released": found.claimed,
            "minutes": summed.minutes,
            "minutes_changed": summed.changed,
        }
    )
