"""The bundle's health, for everybody; members and the audit trail, over the admin API.

GET    /v1/health             whether flags can be served
PUT    /v1/members/{uid}      grant a role in environments
DELETE /v1/members/{uid}      take it away
GET    /v1/audit              the latest entries of the trail (?limit=50)
GET    /v1/audit/verification whether the chain of hashes holds
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import flask
from pydantic import Field

from functions import audit, web
from functions.administration import Administration, ChangeBody
from functions.errors import InvalidArgument
from functions.identity import Permission
from functions.registry import members
from functions.settings import IDENTIFIER

LARGEST_LIST = 500
USUAL_LIST = 50


class Grant(ChangeBody):
    role: Literal["team_manager", "developer", "reader"]
    environments: list[str] = Field(min_length=1, max_length=20)


def blueprint(administration: Callable[[], Administration]) -> flask.Blueprint:
    """`administration` is asked on the first request."""
    routes = flask.Blueprint("registry", __name__)

    @routes.put("/v1/members/<uid>")
    def grant(uid: str) -> Any:
        body = web.parse(Grant)
        unusable = [name for name in body.environments if not IDENTIFIER.fullmatch(name)]
        if unusable or len(uid) > 128:
            raise InvalidArgument("A user id or an environment's name is not well-formed.")
        decide = members.grant(uid, body.role, body.environments)
        return web.answer(administration().commit(Permission.MANAGE_MEMBERS, body, decide).result)

    @routes.delete("/v1/members/<uid>")
    def revoke(uid: str) -> Any:
        body = web.parse(ChangeBody)
        decide = members.revoke(uid)
        return web.answer(administration().commit(Permission.MANAGE_MEMBERS, body, decide).result)

    @routes.get("/v1/audit")
    def entries() -> Any:
        admin = administration()
        limit = web.list_limit(USUAL_LIST, LARGEST_LIST)
        application = admin.read().application
        return web.answer({"entries": audit.latest(admin.store, application, limit)})

    @routes.get("/v1/audit/verification")
    def verification() -> Any:
        admin = administration()
        found = audit.verify(admin.store, admin.read().application)
        return web.answer({"ok": found.ok, "entries": found.entries, "problem": found.problem})

    return routes
