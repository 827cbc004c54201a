"""The stories of an environment as their owners have them: reading one's own.

Nobody but the owner gets to see a story: for others it isn't there.
"""

from __future__ import annotations

from functions.documents import Scope, Store
from functions.errors import InProgress, NotFound
from functions.stories import claim as claims
from functions.stories.shelf import COLLECTION, StoredStory, read_story


class Library:
    """Finished stories in `stories/{id}`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, scope: Scope, owner: str, story_id: str) -> StoredStory:
        """One's own finished story. Raises NotFound, InProgress, StoreUnavailable."""
        well_formed = claims.STORY_ID.fullmatch(story_id)
        document = self._store.get(scope.doc(COLLECTION, story_id)) if well_formed else None
        if document is None or document.data["owner"] != owner:
            raise NotFound("You have no story of that id.")
        if document.data["state"] == "running":
            raise InProgress("This story is being written.")
        if document.data["state"] != "finished":
            raise NotFound("This story could not be written; there is nothing to read.")
        return read_story(document)

    def own(self, scope: Scope, owner: str, limit: int) -> list[StoredStory]:
        """One's own finished stories, the newest first."""
        documents = self._store.query(
            scope.collection(COLLECTION),
            [("owner", "==", owner), ("state", "==", "finished")],
            order_by="created_at",
            descending=True,
            limit=limit,
        )
        return [read_story(document) for document in documents]
