"""Segments over the admin API. Every change goes through `commit_change`.

GET   /v1/segments                    by key (?limit=100&after=KEY)
POST  /v1/segments                    create one
GET   /v1/segments/{key}              one, with what refers to it
PATCH /v1/segments/{key}              edit it, on the basis of a revision
GET   /v1/segments/{key}/revisions    what it was, who changed it and why
POST  /v1/segments/{key}/restore      bring back a revision
POST  /v1/segments/{key}/delete       for good; not while anything refers to it
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from functions import web
from functions.administration import Administration, ChangeBody
from functions.changes import Outcome, published_part
from functions.description import Description, described
from functions.errors import AlreadyExists, FailedPrecondition, NotFound
from functions.flags.manage import by_key
from functions.flags.manage.answers import (
    SegmentAnswer,
    SegmentChanged,
    SegmentList,
    SegmentRevisions,
)
from functions.flags.manage.bodies import EditedSegment, FormerRevision, NewSegment, Revision
from functions.flags.manage.publish import SEGMENTS_COLLECTION
from functions.flags.manage.segments import (
    create_segment,
    delete_segment,
    edit_segment,
    restore_segment,
)
from functions.flags.publication import users_of_segment
from functions.flags.segment import Segment
from functions.flags.validation import check_key
from functions.identity import Permission
from functions.published import FLAGS


def blueprint(administration: Callable[[], Administration]) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("segments", __name__)
    _add_reading(routes, administration)
    _add_changing(routes, administration)
    return routes


def _add_reading(routes: flask.Blueprint, administration: Callable[[], Administration]) -> None:
    @routes.get("/v1/segments")
    @described(
        "Segments by key",
        answers={200: SegmentList},
        query=by_key.PAGE,
    )
    def list_segments() -> Any:
        documents = by_key.page(administration(), SEGMENTS_COLLECTION)
        segments = [Segment.from_document(document.data).to_view() for document in documents]
        return web.answer({"segments": segments})

    @routes.get("/v1/segments/<key>")
    @described(
        "One, with what refers to it",
        answers={200: SegmentAnswer},
        path=by_key.PATH,
        errors=(FailedPrecondition,),
    )
    def read(key: str) -> Any:
        admin = administration()
        scope = admin.read()
        check_key(key)
        document = admin.store.get(scope.doc(SEGMENTS_COLLECTION, key))
        if document is None:
            raise NotFound(f"There is no segment {key!r} in this environment.")
        used_by = users_of_segment(published_part(admin.store, scope, FLAGS), key)
        view = {**Segment.from_document(document.data).to_view(), "used_by": used_by}
        return web.answer({"segment": view})

    @routes.get("/v1/segments/<key>/revisions")
    @described(
        "What it was, who changed it and why",
        answers={200: SegmentRevisions},
        path=by_key.PATH,
        query=by_key.REVISIONS,
    )
    def revisions(key: str) -> Any:
        return by_key.revisions(administration(), SEGMENTS_COLLECTION, key)


def _add_changing(routes: flask.Blueprint, administration: Callable[[], Administration]) -> None:
    @routes.post("/v1/segments")
    @described(
        "Create a segment",
        body=NewSegment,
        answers={201: SegmentChanged},
        errors=(AlreadyExists, FailedPrecondition),
    )
    def create() -> Any:
        body = web.parse(NewSegment)
        decide = create_segment(Segment.new(body.key, body.given()))
        return _segment(administration().commit(Permission.EDIT_FLAGS, body, decide), 201)

    @routes.patch("/v1/segments/<key>")
    @_changing("Edit it, on the basis of a revision", EditedSegment)
    def edit(key: str) -> Any:
        body = web.parse(EditedSegment)
        decide = edit_segment(key, body.revision, body.given())
        return _segment(administration().commit(Permission.EDIT_FLAGS, body, decide))

    @routes.post("/v1/segments/<key>/restore")
    @_changing("Bring back a revision", FormerRevision)
    def restore(key: str) -> Any:
        body = web.parse(FormerRevision)
        decide = restore_segment(key, body.revision, body.to)
        return _segment(administration().commit(Permission.EDIT_FLAGS, body, decide))

    @routes.post("/v1/segments/<key>/delete")
    @_changing("For good; not while anything refers to it", Revision)
    def delete(key: str) -> Any:
        body = web.parse(Revision)
        decide = delete_segment(key, body.revision)
        return _segment(administration().commit(Permission.EDIT_FLAGS, body, decide))


def _changing(summary: str, body: type[ChangeBody]) -> Description:
    return described(
        summary,
        body=body,
        answers={200: SegmentChanged},
        path=by_key.PATH,
        errors=(FailedPrecondition,),
    )


def _segment(outcome: Outcome, status: int = 200) -> Any:
    view = outcome.result.to_view()
    return web.answer({"generation": outcome.generation, "segment": view}, status)
