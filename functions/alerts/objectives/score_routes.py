"""How services are scored, over the admin API. Every change goes through `commit_change`.

GET     /v1/scores             as somebody decided, and as they are delivered
PUT     /v1/scores/{service}   decides how a service is scored
DELETE  /v1/scores/{service}   as delivered again
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from functions import catalog, web
from functions.administration import Administration, ChangeBody, Removed, removed
from functions.alerts.objectives.answers import ScoreChanged, ScoreList, score_view
from functions.alerts.objectives.bodies import PutScore
from functions.alerts.objectives.scoring import score_document, score_from
from functions.alerts.objectives.store import SCORES
from functions.description import described
from functions.errors import FailedPrecondition
from functions.identity import Permission
from functions.metrics.performance import OF_SERVICES
from functions.readable import readable

BY_SERVICE = {"service": f"^{catalog.ID.pattern}$"}


def blueprint(administration: Callable[[], Administration]) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("scores", __name__)

    @routes.get("/v1/scores")
    @described(
        "How services are scored: as somebody decided, and as it is delivered",
        answers={200: ScoreList},
        errors=(FailedPrecondition,),
    )
    def index() -> Any:
        admin = administration()
        published = catalog.published(admin.store, admin.read(), SCORES)
        own, unreadable = readable(published, lambda _service, each: score_from(each))
        known = {**OF_SERVICES, **own}
        views = [score_view(each, known[each], own=each in own) for each in sorted(known)]
        return web.answer({"scores": views, "unreadable": list(unreadable)})

    @routes.put("/v1/scores/<service>")
    @described(
        "Decide how a service is scored",
        body=PutScore,
        answers={200: ScoreChanged},
        path=BY_SERVICE,
        errors=(FailedPrecondition,),
    )
    def put(service: str) -> Any:
        body = web.parse(PutScore)
        score = body.score()
        deciding = catalog.put(SCORES, service, score_document(score))
        outcome = administration().commit(Permission.EDIT_ALERTS, body, deciding)
        view = score_view(service, score, own=True)
        return web.answer({"generation": outcome.generation, "score": view})

    @routes.delete("/v1/scores/<service>")
    @described(
        "As delivered again",
        body=ChangeBody,
        answers={200: Removed},
        path=BY_SERVICE,
        errors=(FailedPrecondition,),
    )
    def remove(service: str) -> Any:
        return removed(administration(), service, catalog.remove(SCORES, service))

    return routes
