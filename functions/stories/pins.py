"""Who may choose a version of the story function for themselves, to look before it is released."""

from __future__ import annotations

from functions import identity
from functions.documents import Scope, Store
from functions.errors import PermissionDenied
from functions.identity import Actor, Permission


class MemberPins:
    """Those who may create versions. Two documents are read for it, on such requests only."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def require(self, scope: Scope, actor: Actor) -> None:
        """Raises PermissionDenied, StoreUnavailable."""
        documents = self._store.get_many(identity.deciding_paths(actor, scope))
        try:
            identity.require(actor, scope, Permission.EDIT_VERSIONS, documents)
        except PermissionDenied:
            raise PermissionDenied(
                "Only those who may create versions may choose one for themselves.",
                remedy="Leave out `version`; or ask an administrator for the role.",
            ) from None
