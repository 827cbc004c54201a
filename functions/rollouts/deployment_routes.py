"""The deployment that runs, for whoever has to unblock it in a hurry.

GET   /deployment/current   the rollouts that run or wait, the latest first
PATCH /deployment           {"deploymentId", "action": "reset"}: as POST /v1/rollouts/{id}/reset
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import flask
from pydantic import Field

from functions import web
from functions.administration import Administration, Answer, ChangeBody
from functions.changes import MAXIMUM_REASON
from functions.description import described
from functions.errors import FailedPrecondition
from functions.identity import Permission
from functions.rollouts import commands, shown, store
from functions.rollouts.answers import RolloutChanged, RolloutSummary
from functions.rollouts.command_routes import asked, told
from functions.rollouts.target import Releasable, anything


class DeploymentAction(ChangeBody):
    """The action says why, where nobody does."""

    deploymentId: Annotated[str, Field(min_length=1, max_length=64)]  # noqa: N815
    action: Literal["reset"]
    reason: str = Field(default="reset", max_length=MAXIMUM_REASON)


class Deployments(Answer):
    """`current` is the one that was decided on last, null when nothing runs."""

    current: RolloutSummary | None
    deployments: list[RolloutSummary]


def blueprint(
    administration: Callable[[], Administration], releasable: Releasable = anything
) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("deployment", __name__)

    @routes.get("/deployment/current")
    @described("The rollouts that run or wait for their turn", answers={200: Deployments})
    def current() -> Any:
        admin = administration()
        running, waiting = store.looked_at(admin.store, admin.read())
        found = sorted(
            (each.rollout for each in (*running, *waiting)),
            key=lambda rollout: (rollout.state.running, rollout.decided_at),
            reverse=True,
        )
        shown_each = [shown.summary(rollout) for rollout in found]
        first = next(iter(shown_each), None)
        return web.answer({"current": first, "deployments": shown_each})

    @routes.patch("/deployment")
    @described(
        "Reset a rollout that is stuck",
        body=DeploymentAction,
        answers={200: RolloutChanged},
        errors=(FailedPrecondition,),
    )
    def act() -> Any:
        admin, body = administration(), web.parse(DeploymentAction)
        deciding = commands.reset(body.deploymentId, asked(admin, body), releasable)
        unconditional = body.model_copy(update={"expected_generation": None})
        return web.answer(told(admin.commit(Permission.ROLL_BACK, unconditional, deciding)))

    return routes
