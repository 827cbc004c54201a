"""Flags in and out as documents, over the admin API.

GET  /v1/export   all flags in flagd's form, or with ?form=palier in the one that loses nothing
POST /v1/import   a document of either form
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask

from functions import web
from functions.administration import Administration
from functions.description import Parameter, described
from functions.errors import FailedPrecondition, InvalidArgument, PayloadTooLarge
from functions.flags.manage.allowed import Allowed, anything
from functions.flags.manage.exchange import (
    export_for_flagd,
    export_for_palier,
    import_document,
)
from functions.flags.manage.transfer_answers import PlanAnswer
from functions.flags.manage.transfer_bodies import Import
from functions.identity import Permission

MAXIMUM_BODY_BYTES = 2 * 2**20
FORMS = {"flagd": export_for_flagd, "palier": export_for_palier}
FORM = Parameter(
    "form",
    "flagd's, or Palier's own, which loses nothing.",
    {"enum": [*FORMS], "default": "flagd"},
)


def blueprint(
    administration: Callable[[], Administration], allowed: Allowed = anything
) -> flask.Blueprint:
    """`administration` is asked on the first request. `allowed` tells what rooms above forbid."""
    routes = flask.Blueprint("exchange", __name__)

    @routes.get("/v1/export")
    @described(
        "All flags as a document",
        answers={200: {"type": "object"}},
        query=[FORM],
        errors=(FailedPrecondition, PayloadTooLarge),
    )
    def export() -> Any:
        admin = administration()
        scope = admin.read()
        form = FORMS.get(flask.request.args.get("form", "flagd"))
        if form is None:
            raise InvalidArgument(f"`form` is one of {', '.join(FORMS)}.")
        return web.answer(form(admin.store, scope))

    @routes.post("/v1/import")
    @described(
        "Bring in flags as a document",
        body=Import,
        answers={200: PlanAnswer},
        errors=(FailedPrecondition,),
        detail=f"The body may have {MAXIMUM_BODY_BYTES:,} bytes.",
    )
    def bring_in() -> Any:
        body = web.parse(Import, MAXIMUM_BODY_BYTES)
        decide = import_document(body.document, body.confirm, allowed)
        outcome = administration().commit(Permission.EDIT_FLAGS, body, decide)
        return web.answer({"generation": outcome.generation, **outcome.result.to_dict()})

    return routes
