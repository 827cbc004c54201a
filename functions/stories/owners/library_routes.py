"""A user's own stories over REST, for people who are signed in.

GET    /v1/stories               the finished ones, the newest first (?limit=20&after=…)
GET    /v1/stories/export        all that is kept of them (?limit=50&after=…)
GET    /v1/stories/{id}          one
POST   /v1/stories/{id}/rating   1 to 5 stars, once
DELETE /v1/stories/{id}          one goes
DELETE /v1/stories               all go, failed ones and those being written too

What reads stories is imported by the first request for one: no evaluation of a flag waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import flask

from functions import web
from functions.description import Parameter, described, limit
from functions.documents import Scope
from functions.errors import AlreadyExists, InProgress, InvalidArgument, NotFound
from functions.identity import Actor

if TYPE_CHECKING:
    from functions.stories.owners.library import Library
    from functions.stories.owners.rate import Recorder

MAXIMUM_BODY_BYTES = 1024
LARGEST_LIST = 100
USUAL_LIST = 20
LARGEST_EXPORT = 100
USUAL_EXPORT = 50
AFTER = Parameter("after", "What the former page gave as its `next`.")

Owner = Callable[[], str]
"""Who asks, by their id. Raises Unauthenticated."""


def blueprint(
    library: Callable[[], Library],
    recorder: Callable[[], Recorder],
    scope: Scope,
    person: Callable[[str | None], Actor],
) -> flask.Blueprint:
    """`person` reads an Authorization header; the others are asked when needed."""
    routes = flask.Blueprint("library", __name__)

    def who() -> str:
        return person(flask.request.headers.get("Authorization")).id

    _add_reading(routes, library, scope, who)
    _add_rating(routes, library, recorder, scope, who)
    _add_deleting(routes, library, scope, who)
    return routes


def _add_reading(
    routes: flask.Blueprint, library: Callable[[], Library], scope: Scope, who: Owner
) -> None:
    @routes.get("/v1/stories")
    @described(
        "One's own stories, the newest first",
        answers={200: "functions.stories.answers:OwnStories"},
        query=[limit(USUAL_LIST, LARGEST_LIST), AFTER],
        errors=(InvalidArgument,),
    )
    def index() -> Any:
        owner = who()
        most = web.list_limit(USUAL_LIST, LARGEST_LIST)
        page = library().own(scope, owner, most, flask.request.args.get("after"))
        return web.answer({"stories": [it.to_json() for it in page.stories], "next": page.next})

    @routes.get("/v1/stories/export")
    @described(
        "All that is kept of one's own stories",
        answers={200: "functions.stories.answers:Export"},
        query=[limit(USUAL_EXPORT, LARGEST_EXPORT), AFTER],
        errors=(InvalidArgument,),
    )
    def export() -> Any:
        owner = who()
        most = web.list_limit(USUAL_EXPORT, LARGEST_EXPORT)
        return web.answer(
            library().export(scope, owner, most, flask.request.args.get("after")).to_json()
        )

    @routes.get("/v1/stories/<story_id>")
    @described(
        "One of one's own stories",
        answers={200: "functions.stories.answers:OwnStory"},
        errors=(NotFound, InProgress),
    )
    def read(story_id: str) -> Any:
        owner = who()
        return web.answer(library().read(scope, owner, story_id).to_json())


def _add_rating(
    routes: flask.Blueprint,
    library: Callable[[], Library],
    recorder: Callable[[], Recorder],
    scope: Scope,
    who: Owner,
) -> None:
    @routes.post("/v1/stories/<story_id>/rating")
    @described(
        "Rate one of one's own stories, once",
        body="functions.stories.owners.rating:Rating",
        answers={200: "functions.stories.answers:RatedStory"},
        errors=(NotFound, InProgress, AlreadyExists),
    )
    def rate(story_id: str) -> Any:
        from functions.stories.owners.rate import rate
        from functions.stories.owners.rating import Rating

        owner = who()
        stars = web.parse(Rating, MAXIMUM_BODY_BYTES).stars
        vote = rate(library(), recorder(), scope, owner, story_id, stars)
        return web.answer({"id": story_id, **vote.to_json()})


def _add_deleting(
    routes: flask.Blueprint, library: Callable[[], Library], scope: Scope, who: Owner
) -> None:
    @routes.delete("/v1/stories/<story_id>")
    @described(
        "Delete one of one's own stories",
        answers={200: "functions.stories.answers:DeletedStory"},
        errors=(NotFound, InProgress),
    )
    def delete(story_id: str) -> Any:
        owner = who()
        library().delete(scope, owner, story_id)
        return web.answer({"id": story_id})

    @routes.delete("/v1/stories")
    @described(
        "Delete all of one's own stories",
        answers={200: "functions.stories.answers:ErasedStories"},
    )
    def erase() -> Any:
        owner = who()
        erased = library().erase(scope, owner)
        return web.answer({"stories": erased.stories, "complete": erased.complete})
