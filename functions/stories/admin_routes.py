"""Versions of the story function over the admin API.

GET  /v1/versions    all of an environment, the newest first, and which this bundle can serve
POST /v1/versions    create one; it becomes a variant of `stories.version`, the first one
                     ever becomes its default
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from functions import web
from functions.administration import Administration, ChangeBody
from functions.description import described
from functions.documents import Document
from functions.errors import AlreadyExists, FailedPrecondition
from functions.identity import Permission
from functions.stories import choose
from functions.stories.answers import CreatedVersion, Versions
from functions.stories.publish import create_version
from functions.stories.versions import SERVICE, NewVersion, StoryVersion

SHOWN = 200


class VersionBody(NewVersion, ChangeBody):
    """A version to create, and why."""

    def new(self) -> NewVersion:
        return NewVersion.model_validate(self.model_dump(include=set(NewVersion.model_fields)))


def blueprint(administration: Callable[[], Administration]) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("versions", __name__)

    @routes.get("/v1/versions")
    @described("The versions of stories, the newest first", answers={200: Versions})
    def index() -> Any:
        admin = administration()
        found = admin.store.query(
            admin.read().collection("versions"), [("service", "==", SERVICE)], limit=SHOWN
        )
        found.sort(key=lambda document: document.data["created_at"], reverse=True)
        return web.answer({"versions": [_shown(document) for document in found]})

    @routes.post("/v1/versions")
    @described(
        "Create a version of stories",
        body=VersionBody,
        answers={201: CreatedVersion},
        errors=(AlreadyExists, FailedPrecondition),
    )
    def create() -> Any:
        body = web.parse(VersionBody)
        decide = create_version(body.new())
        outcome = administration().commit(Permission.EDIT_VERSIONS, body, decide)
        return web.answer({"generation": outcome.generation, "version": outcome.result}, 201)

    return routes


def _shown(document: Document) -> dict[str, Any]:
    hidden = ("schema", "created_at")
    record = {name: value for name, value in document.data.items() if name not in hidden}
    why = _lacking(record)
    return {
        **record,
        "created_at": document.data["created_at"].timestamp(),
        "served": why is None,
        "why": why,
    }


def _lacking(record: dict[str, Any]) -> str | None:
    """Why this bundle can't serve a version; None: it can."""
    try:
        choose.assemble(StoryVersion.from_record(record))
    except FailedPrecondition as error:
        return error.detail
    except ValueError:
        return "The record of this version is damaged."
    return None
