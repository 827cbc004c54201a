"""An environment comes into being: its document, and the key that its users' hashes are made with.

Pure decisions for `commit_change`.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from typing import Any

from functions import published
from functions.changes import Decision, Entry, View
from functions.documents import Write
from functions.published import timestamp

HASH_KEY_BYTES = 32


def found(name: str) -> Callable[[View], Decision]:
    """Makes the environment of the change, and its application when it is new.

    An environment that exists stays as it is: its key is made once, since counts of distinct users
    depend on it.
    """

    def decide(view: View) -> Decision:
        application = f"applications/{view.scope.application}"
        known = view.get_many([application, view.scope.path])
        if known[view.scope.path]:
            return Decision(result=False)
        hash_key = base64.b64encode(secrets.token_bytes(HASH_KEY_BYTES)).decode()
        created = {"hash_key": hash_key, "created_at": timestamp(view.now)}
        writes = [Write.create(view.scope.path, created)]
        if not known[application]:
            named = {"name": name, "team": None, "created_at": timestamp(view.now)}
            writes.append(Write.create(application, named))
        return Decision(
            writes=writes,
            parts={published.ENVIRONMENT: {"hash_key": hash_key}},
            entries=[Entry("environment.found", view.scope.path, after=_shown(view))],
            result=True,
        )

    return decide


def _shown(view: View) -> dict[str, Any]:
    return {"application": view.scope.application, "environment": view.scope.environment}
