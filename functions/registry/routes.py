"""Members and the audit trail, over the admin API.

PUT    /v1/members/{uid}      grant a role in environments
DELETE /v1/members/{uid}      take it away
GET    /v1/audit              the latest entries of the trail of the environment (?limit=50)
GET    /v1/audit/verification whether the chain of hashes holds
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import flask
from pydantic import Field

from functions import audit, web
from functions.administration import Administration, ChangeBody
from functions.description import described, limit
from functions.errors import InvalidArgument
from functions.identity import Permission, user_id
from functions.registry import members
from functions.registry.answers import AuditTrail, FormerMember, MemberAnswer, Verified
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
    @described("Grant a role in environments", body=Grant, answers={200: MemberAnswer})
    def grant(uid: str) -> Any:
        body = web.parse(Grant)
        if not all(IDENTIFIER.fullmatch(name) for name in body.environments):
            raise InvalidArgument("The name of an environment is not well-formed.")
        decide = members.grant(user_id(uid), body.role, body.environments)
        return web.answer(administration().commit(Permission.MANAGE_MEMBERS, body, decide).result)

    @routes.delete("/v1/members/<uid>")
    @described("Take a membership away", body=ChangeBody, answers={200: FormerMember})
    def revoke(uid: str) -> Any:
        body = web.parse(ChangeBody)
        decide = members.revoke(user_id(uid))
        return web.answer(administration().commit(Permission.MANAGE_MEMBERS, body, decide).result)

    @routes.get("/v1/audit")
    @described(
        "The latest entries of the trail",
        answers={200: AuditTrail},
        query=[limit(USUAL_LIST, LARGEST_LIST)],
    )
    def entries() -> Any:
        admin = administration()
        limit = web.list_limit(USUAL_LIST, LARGEST_LIST)
        return web.answer({"entries": audit.latest(admin.store, admin.read(), limit)})

    @routes.get("/v1/audit/verification")
    @described("Whether the chain of hashes holds", answers={200: Verified})
    def verification() -> Any:
        admin = administration()
        found = audit.verify(admin.store, admin.read().application)
        return web.answer({"ok": found.ok, "entries": found.entries, "problem": found.problem})

    return routes
