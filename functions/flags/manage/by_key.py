"""What flags and segments show alike over the admin API: pages by key, and their revisions."""

from __future__ import annotations

from typing import Any

import flask

from functions import web
from functions.administration import Administration
from functions.description import AFTER, limit, number
from functions.documents import Document
from functions.flags.manage import history
from functions.flags.validation import KEY, check_key

LARGEST_LIST = 500
USUAL_LIST = 100

PATH = {"key": f"^{KEY.pattern}$"}
PAGE = (limit(USUAL_LIST, LARGEST_LIST), AFTER)
REVISIONS = (
    limit(history.USUAL_LIST, history.KEPT),
    number("before", "The revision to go on before."),
)


def page(admin: Administration, collection: str) -> list[Document]:
    """Those that the query of the current request asks for."""
    return admin.store.query(
        admin.read().collection(collection),
        [("key", ">", flask.request.args.get("after", ""))],
        order_by="key",
        limit=web.list_limit(USUAL_LIST, LARGEST_LIST),
    )


def revisions(admin: Administration, collection: str, key: str) -> Any:
    """The answer with the revisions of one, as the query of the current request asks."""
    scope = admin.read()
    check_key(key)
    found = history.listed(
        admin.store,
        scope.doc(collection, key),
        web.whole_number("before"),
        web.list_limit(history.USUAL_LIST, history.KEPT),
    )
    return web.answer({"revisions": found})
