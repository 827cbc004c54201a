"""Flags and API keys over the admin API. Every change goes through `commit_change`.

GET   /v1/flags                   by key (?limit=100&after=KEY)
POST  /v1/flags                   create one
GET   /v1/flags/{key}             one, with its revision
PATCH /v1/flags/{key}             edit it, on the basis of a revision
POST  /v1/flags/{key}/archive     take it out of what is published
POST  /v1/flags/{key}/restore     publish it again
GET   /v1/keys                    API keys, without their secrets
POST  /v1/keys                    create one; its text is shown here and never again
POST  /v1/keys/{id}/rotate        put a new one beside it, which replaces it after an overlap
POST  /v1/keys/{id}/revoke        end it within seconds
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import flask
from pydantic import Field

from functions import web
from functions.administration import Administration, ChangeBody
from functions.changes import Outcome
from functions.documents import Document
from functions.errors import NotFound
from functions.flags.flag import MAXIMUM_DESCRIPTION, MAXIMUM_OWNER, Flag
from functions.flags.keys import Kind, new_key
from functions.flags.manage.flags import (
    COLLECTION,
    FlagEdit,
    archive_flag,
    create_flag,
    edit_flag,
    restore_flag,
)
from functions.flags.manage.keys import (
    KEYS_COLLECTION,
    LONGEST_OVERLAP_SECONDS,
    MAXIMUM_KEYS,
    create_key,
    revoke_key,
    rotate_key,
)
from functions.flags.validation import check_key
from functions.identity import Permission

LARGEST_LIST = 500
USUAL_LIST = 100
USUAL_OVERLAP_SECONDS = 24 * 3600

Text = Annotated[str, Field(max_length=MAXIMUM_DESCRIPTION)]
Owner = Annotated[str, Field(max_length=MAXIMUM_OWNER)]


class NewFlag(ChangeBody):
    """A flag to create. `definition` is flagd's; what is wrong with it is said with its path."""

    key: str = Field(max_length=100)
    definition: dict[str, Any]
    description: Text = ""
    owner: Owner = ""
    client: bool = False


class EditedFlag(ChangeBody):
    """What is to change, on the basis of `revision`; what is absent stays."""

    revision: int = Field(ge=1)
    definition: dict[str, Any] | None = None
    description: Text | None = None
    owner: Owner | None = None
    client: bool | None = None


class Revision(ChangeBody):
    """The revision that a change is based on."""

    revision: int = Field(ge=1)


class NewKey(ChangeBody):
    """A key to create; `label` says who uses it."""

    kind: Annotated[Kind, Field(strict=False)]
    label: str = Field(min_length=1, max_length=100)


class Rotation(ChangeBody):
    """How long the old key goes on working."""

    overlap_seconds: int = Field(default=USUAL_OVERLAP_SECONDS, ge=0, le=LONGEST_OVERLAP_SECONDS)


def blueprint(administration: Callable[[], Administration]) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("flags", __name__)
    _add_flags(routes, administration)
    _add_keys(routes, administration)
    return routes


def _add_flags(routes: flask.Blueprint, administration: Callable[[], Administration]) -> None:
    @routes.get("/v1/flags")
    def list_flags() -> Any:
        admin = administration()
        after = flask.request.args.get("after", "")
        documents = admin.store.query(
            admin.read().collection(COLLECTION),
            [("key", ">", after)],
            order_by="key",
            limit=web.list_limit(USUAL_LIST, LARGEST_LIST),
        )
        flags = [Flag.from_document(document.data).to_view() for document in documents]
        return web.answer({"flags": flags})

    @routes.post("/v1/flags")
    def create() -> Any:
        body = web.parse(NewFlag)
        flag = Flag(
            body.key,
            body.definition,
            description=body.description,
            owner=body.owner,
            client=body.client,
        )
        outcome = administration().commit(Permission.EDIT_FLAGS, body, create_flag(flag))
        return _flag(outcome, 201)

    @routes.get("/v1/flags/<key>")
    def read(key: str) -> Any:
        admin = administration()
        scope = admin.read()
        check_key(key)
        document = admin.store.get(scope.doc(COLLECTION, key))
        if document is None:
            raise NotFound(f"There is no flag {key!r} in this environment.")
        return web.answer({"flag": Flag.from_document(document.data).to_view()})

    @routes.patch("/v1/flags/<key>")
    def edit(key: str) -> Any:
        body = web.parse(EditedFlag)
        change = FlagEdit(body.definition, body.description, body.owner, body.client)
        decide = edit_flag(key, body.revision, change)
        return _flag(administration().commit(Permission.EDIT_FLAGS, body, decide))

    @routes.post("/v1/flags/<key>/archive")
    def archive(key: str) -> Any:
        body = web.parse(Revision)
        decide = archive_flag(key, body.revision)
        return _flag(administration().commit(Permission.EDIT_FLAGS, body, decide))

    @routes.post("/v1/flags/<key>/restore")
    def restore(key: str) -> Any:
        body = web.parse(Revision)
        decide = restore_flag(key, body.revision)
        return _flag(administration().commit(Permission.EDIT_FLAGS, body, decide))


def _add_keys(routes: flask.Blueprint, administration: Callable[[], Administration]) -> None:
    @routes.get("/v1/keys")
    def list_keys() -> Any:
        admin = administration()
        documents = admin.store.query(
            admin.read().collection(KEYS_COLLECTION), limit=MAXIMUM_KEYS * 10
        )
        return web.answer({"keys": [_shown_key(document) for document in documents]})

    @routes.post("/v1/keys")
    def issue_key() -> Any:
        body, admin = web.parse(NewKey), administration()
        decide = create_key(new_key(body.kind, admin.scope()), body.label)
        return _key(admin.commit(Permission.MANAGE_KEYS, body, decide), 201)

    @routes.post("/v1/keys/<key_id>/rotate")
    def replace_key(key_id: str) -> Any:
        body, admin = web.parse(Rotation), administration()
        key = new_key(Kind.PUBLISHABLE, admin.scope())  # becomes of the old one's kind
        decide = rotate_key(key_id, key, body.overlap_seconds)
        return _key(admin.commit(Permission.MANAGE_KEYS, body, decide), 201)

    @routes.post("/v1/keys/<key_id>/revoke")
    def end_key(key_id: str) -> Any:
        body = web.parse(ChangeBody)
        outcome = administration().commit(Permission.MANAGE_KEYS, body, revoke_key(key_id))
        return web.answer({"generation": outcome.generation, "id": outcome.result})


def _flag(outcome: Outcome, status: int = 200) -> Any:
    return web.answer({"generation": outcome.generation, "flag": outcome.result.to_view()}, status)


def _key(outcome: Outcome, status: int = 200) -> Any:
    key = outcome.result
    return web.answer(
        {
            "generation": outcome.generation,
            "id": key.id,
            "kind": str(key.kind),
            "key": key.text(),
        },
        status,
    )


def _shown_key(document: Document) -> dict[str, Any]:
    data = document.data
    return {
        "id": document.id,
        "kind": data["kind"],
        "label": data["label"],
        **{name: _seconds(data.get(name)) for name in ("created_at", "expires_at", "revoked_at")},
    }


def _seconds(time: Any) -> float | None:
    return time.timestamp() if time else None
