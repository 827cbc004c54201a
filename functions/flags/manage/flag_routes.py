"""Flags over the admin API. Every change goes through `commit_change`.

GET   /v1/flags                     by key (?limit=100&after=KEY)
POST  /v1/flags                     create one
GET   /v1/flags/{key}               one, with its revision
PATCH /v1/flags/{key}               edit it, on the basis of a revision
GET   /v1/flags/{key}/revisions     what it was, who changed it and why
POST  /v1/flags/{key}/archive       take it out of what is published
POST  /v1/flags/{key}/restore       publish it again, or bring back a revision
POST  /v1/flags/{key}/kill          the off variant for everybody, at once
POST  /v1/flags/{key}/revive        end that
POST  /v1/flags/{key}/delete        an archived flag goes for good
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from functions import web
from functions.administration import Administration, ChangeBody
from functions.changes import Outcome
from functions.description import Description, described
from functions.errors import AlreadyExists, FailedPrecondition, NotFound
from functions.flags.flag import Flag
from functions.flags.manage import by_key, evaluation_store
from functions.flags.manage.allowed import Allowed, anything
from functions.flags.manage.answers import FlagAnswer, FlagChanged, FlagList, FlagRevisions
from functions.flags.manage.bodies import EditedFlag, NewFlag, Restoration, Revision
from functions.flags.manage.flags import (
    archive_flag,
    create_flag,
    delete_flag,
    edit_flag,
    kill_flag,
    restore_flag,
    revive_flag,
)
from functions.flags.manage.publish import FLAGS_COLLECTION
from functions.flags.manage.users import Uses
from functions.flags.sums import LastEvaluated
from functions.flags.validation import check_key
from functions.identity import Permission


def blueprint(
    administration: Callable[[], Administration], uses: Uses, allowed: Allowed = anything
) -> flask.Blueprint:
    """`administration` is asked on the first request. `uses` tells what rooms above use a flag for,
    `allowed` what they forbid it to give."""
    routes = flask.Blueprint("flags", __name__)
    _add_reading(routes, administration)
    _add_editing(routes, administration, allowed)
    _add_switching(routes, administration, allowed)
    _add_ending(routes, administration, uses)
    return routes


def _add_reading(routes: flask.Blueprint, administration: Callable[[], Administration]) -> None:
    @routes.get("/v1/flags")
    @described("Flags by key", answers={200: FlagList}, query=by_key.PAGE)
    def list_flags() -> Any:
        documents = by_key.page(administration(), FLAGS_COLLECTION)
        flags = [Flag.from_document(document.data).to_view() for document in documents]
        return web.answer({"flags": flags})

    @routes.get("/v1/flags/<key>")
    @described("One flag", answers={200: FlagAnswer}, path=by_key.PATH)
    def read(key: str) -> Any:
        admin = administration()
        scope = admin.read()
        check_key(key)
        path, last_path = scope.doc(FLAGS_COLLECTION, key), evaluation_store.last_path(scope)
        found = admin.store.get_many([path, last_path])
        document, last = found[path], found[last_path]
        if document is None:
            raise NotFound(f"There is no flag {key!r} in this environment.")
        flag = Flag.from_document(document.data).to_view()
        counted = LastEvaluated.from_document(last.data if last else None)
        return web.answer({"flag": {**flag, "last_evaluated_at": counted.at.get(key)}})

    @routes.get("/v1/flags/<key>/revisions")
    @described(
        "What it was, who changed it and why",
        answers={200: FlagRevisions},
        path=by_key.PATH,
        query=by_key.REVISIONS,
    )
    def revisions(key: str) -> Any:
        return by_key.revisions(administration(), FLAGS_COLLECTION, key)


def _add_editing(
    routes: flask.Blueprint, administration: Callable[[], Administration], allowed: Allowed
) -> None:
    @routes.post("/v1/flags")
    @described(
        "Create a flag",
        body=NewFlag,
        answers={201: FlagChanged},
        errors=(AlreadyExists, FailedPrecondition),
    )
    def create() -> Any:
        body = web.parse(NewFlag)
        decide = create_flag(Flag.new(body.key, body.given()), allowed)
        return _flag(administration().commit(Permission.EDIT_FLAGS, body, decide), 201)

    @routes.patch("/v1/flags/<key>")
    @_changing("Edit it, on the basis of a revision", EditedFlag)
    def edit(key: str) -> Any:
        body = web.parse(EditedFlag)
        decide = edit_flag(key, body.revision, body.given(), allowed)
        return _flag(administration().commit(Permission.EDIT_FLAGS, body, decide))

    @routes.post("/v1/flags/<key>/restore")
    @_changing("Publish it again, or bring back a revision", Restoration)
    def restore(key: str) -> Any:
        body = web.parse(Restoration)
        decide = restore_flag(key, body.revision, body.to, allowed)
        return _flag(administration().commit(Permission.EDIT_FLAGS, body, decide))


def _add_switching(
    routes: flask.Blueprint, administration: Callable[[], Administration], allowed: Allowed
) -> None:
    @routes.post("/v1/flags/<key>/kill")
    @_changing("The off variant for everybody, at once", ChangeBody)
    def kill(key: str) -> Any:
        body = web.parse(ChangeBody)
        return _flag(administration().commit(Permission.ROLL_BACK, body, kill_flag(key)))

    @routes.post("/v1/flags/<key>/revive")
    @_changing("End that", ChangeBody)
    def revive(key: str) -> Any:
        body = web.parse(ChangeBody)
        decide = revive_flag(key, allowed)
        return _flag(administration().commit(Permission.EDIT_FLAGS, body, decide))


def _add_ending(
    routes: flask.Blueprint, administration: Callable[[], Administration], uses: Uses
) -> None:
    @routes.post("/v1/flags/<key>/archive")
    @_changing("Take it out of what is published", Revision)
    def archive(key: str) -> Any:
        body = web.parse(Revision)
        decide = archive_flag(key, body.revision, uses)
        return _flag(administration().commit(Permission.EDIT_FLAGS, body, decide))

    @routes.post("/v1/flags/<key>/delete")
    @_changing("An archived flag goes for good", Revision)
    def delete(key: str) -> Any:
        body = web.parse(Revision)
        decide = delete_flag(key, body.revision, uses)
        return _flag(administration().commit(Permission.EDIT_FLAGS, body, decide))


def _changing(summary: str, body: type[ChangeBody]) -> Description:
    return described(
        summary,
        body=body,
        answers={200: FlagChanged},
        path=by_key.PATH,
        errors=(FailedPrecondition,),
    )


def _flag(outcome: Outcome, status: int = 200) -> Any:
    return web.answer({"generation": outcome.generation, "flag": outcome.result.to_view()}, status)
