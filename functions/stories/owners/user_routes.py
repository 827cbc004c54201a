"""One user's stories over the admin API, for whoever answers for user data.

GET    /v1/users/{uid}/stories   all that is kept of them (?limit=50&after=…&reason=…)
DELETE /v1/users/{uid}/stories   they go for good, with what is kept of the user's use

Both are changes: the audit trail says who has seen or erased the stories of which user, by a hash.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from functions import web
from functions.administration import Administration, ChangeBody
from functions.changes import MAXIMUM_REASON
from functions.description import Parameter, described, limit
from functions.identity import Permission, user_id
from functions.stories.answers import ErasedUserStories, Export
from functions.stories.owners import user_data
from functions.stories.owners.library_routes import AFTER, LARGEST_EXPORT, USUAL_EXPORT

REASON = Parameter(
    "reason",
    "Why, for the audit trail; compulsory in production.",
    {"type": "string", "maxLength": MAXIMUM_REASON},
)


def blueprint(administration: Callable[[], Administration]) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("users", __name__)

    @routes.get("/v1/users/<uid>/stories")
    @described(
        "All that is kept of a user's stories",
        answers={200: Export},
        query=[limit(USUAL_EXPORT, LARGEST_EXPORT), AFTER, REASON],
    )
    def export(uid: str) -> Any:
        asked = flask.request.args
        most = web.list_limit(USUAL_EXPORT, LARGEST_EXPORT)
        body = web.validated(ChangeBody, {"reason": asked.get("reason", "")})
        decide = user_data.export(user_id(uid), most, asked.get("after"))
        outcome = administration().commit(Permission.MANAGE_USER_DATA, body, decide)
        return web.answer(outcome.result.to_json())

    @routes.delete("/v1/users/<uid>/stories")
    @described("Erase a user's stories", body=ChangeBody, answers={200: ErasedUserStories})
    def erase(uid: str) -> Any:
        body = web.parse(ChangeBody)
        decide = user_data.erase(user_id(uid))
        outcome = administration().commit(Permission.MANAGE_USER_DATA, body, decide)
        return web.answer({"generation": outcome.generation, **outcome.result})

    return routes
