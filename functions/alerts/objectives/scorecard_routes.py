"""The scorecard over the admin API.

GET  /v1/scorecard   how the environment does by what its team set out to reach, once a day
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from functions import web
from functions.administration import Administration, Answer
from functions.alerts.objectives import report_scorecard
from functions.description import described


class RowAnswer(Answer):
    """`unit` is `share` (0 to 1, or a change of so much) or `points`. `target` null: what it was
    before. `value` is of 30 days, `before` of the 30 days before them, null where nobody measured
    it. `status` is `met`, `missed` or `no data`; `trend` is `rising`, `falling`, `steady` or
    null."""

    id: str
    unit: str
    target: float | None
    value: float | None
    before: float | None
    sample: int
    status: str
    trend: str | None


class ScorecardView(Answer):
    """`at` is when it was computed and `until` where its days end (seconds since the epoch; null
    before the first time). `history` holds the values by day and row."""

    at: float | None
    until: float | None
    rows: list[RowAnswer]
    history: dict[str, dict[str, float]]


class ScorecardAnswer(Answer):
    scorecard: ScorecardView


def blueprint(administration: Callable[[], Administration]) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("scorecard", __name__)

    @routes.get("/v1/scorecard")
    @described(
        "How the environment does by what its team set out to reach",
        answers={200: ScorecardAnswer},
    )
    def read() -> Any:
        admin = administration()
        document = admin.store.get(report_scorecard.path(admin.read()))
        return web.answer({"scorecard": report_scorecard.shown(document)})

    return routes
