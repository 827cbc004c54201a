"""API keys over the admin API. Every change goes through `commit_change`.

GET   /v1/keys                without their secrets
POST  /v1/keys                create one; its text is shown here and never again
POST  /v1/keys/{id}/rotate    put a new one beside it, which replaces it after an overlap
POST  /v1/keys/{id}/revoke    end it within seconds
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from functions import web
from functions.administration import Administration, ChangeBody
from functions.changes import Outcome
from functions.description import described
from functions.documents import Document
from functions.errors import FailedPrecondition
from functions.flags.keys import Kind, new_key
from functions.flags.manage.answers import IssuedKey, KeyList, RevokedKey
from functions.flags.manage.bodies import NewKey, Rotation
from functions.flags.manage.keys import (
    KEYS_COLLECTION,
    MAXIMUM_KEYS,
    create_key,
    revoke_key,
    rotate_key,
)
from functions.identity import Permission


def blueprint(administration: Callable[[], Administration]) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("keys", __name__)

    @routes.get("/v1/keys")
    @described("API keys without their secrets", answers={200: KeyList})
    def list_keys() -> Any:
        admin = administration()
        documents = admin.store.query(
            admin.read().collection(KEYS_COLLECTION), limit=MAXIMUM_KEYS * 10
        )
        return web.answer({"keys": [_shown_key(document) for document in documents]})

    @routes.post("/v1/keys")
    @described(
        "Create an API key",
        body=NewKey,
        answers={201: IssuedKey},
        errors=(FailedPrecondition,),
    )
    def issue_key() -> Any:
        body, admin = web.parse(NewKey), administration()
        decide = create_key(new_key(body.kind, admin.scope()), body.label)
        return _key(admin.commit(Permission.MANAGE_KEYS, body, decide), 201)

    @routes.post("/v1/keys/<key_id>/rotate")
    @described(
        "Put a new key beside an old one",
        body=Rotation,
        answers={201: IssuedKey},
        errors=(FailedPrecondition,),
    )
    def replace_key(key_id: str) -> Any:
        body, admin = web.parse(Rotation), administration()
        key = new_key(Kind.PUBLISHABLE, admin.scope())  # becomes of the old one's kind
        decide = rotate_key(key_id, key, body.overlap_seconds)
        return _key(admin.commit(Permission.MANAGE_KEYS, body, decide), 201)

    @routes.post("/v1/keys/<key_id>/revoke")
    @described("End a key within seconds", body=ChangeBody, answers={200: RevokedKey})
    def end_key(key_id: str) -> Any:
        body = web.parse(ChangeBody)
        outcome = administration().commit(Permission.MANAGE_KEYS, body, revoke_key(key_id))
        return web.answer({"generation": outcome.generation, "id": outcome.result})

    return routes


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
