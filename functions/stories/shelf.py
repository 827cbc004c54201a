"""The stories of an environment in Firestore: claiming, finishing, reading one's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.clock import Clock
from functions.documents import Document, Refused, Scope, Store, Write
from functions.errors import AlreadyExists, InProgress, NotFound, StoreUnavailable
from functions.stories import claim as claims
from functions.stories.claim import Claim
from functions.stories.story import Story

COLLECTION = "stories"
CLAIM_SECONDS = 3.0
FINISH_SECONDS = 1.0
CLAIM_TRIES = 5


@dataclass(frozen=True)
class StoredStory:
    """A finished story, where it is kept, and when it was asked for (seconds since the epoch)."""

    id: str
    story: Story
    created_at: float


class Shelf:
    """`stories/{id}`. Nobody but the owner gets to see a document: others get NotFound."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def claim(self, scope: Scope, claim: Claim) -> StoredStory | None:
        """None: it is yours to generate. Otherwise the story that this key has made already.

        Raises AlreadyExists (other wish), InProgress, StoreUnavailable.
        """
        path = scope.doc(COLLECTION, claim.story_id)
        write = Write.create(path, claim.running())
        for _ in range(CLAIM_TRIES):
            try:
                self._store.commit([write], timeout=CLAIM_SECONDS)
            except Refused:
                stored = self._store.get(path, timeout=CLAIM_SECONDS)
            else:
                return None
            if stored is None:
                continue  # two creations at once can refuse each other
            replayed = self._resolve(claim, stored)
            if replayed is not None:
                return replayed
            write = Write.update(stored, claim.running())
        raise StoreUnavailable("Others kept claiming the same story.")

    def _resolve(self, claim: Claim, stored: Document) -> StoredStory | None:
        """The stored story, or None when the document may be taken over."""
        match claims.decide(claim, stored.data, self._clock.now()):
            case claims.Replay():
                return _read(stored)
            case claims.TakeOver():
                return None
            case claims.Busy():
                raise InProgress("A story with this idempotency key is being written.")
            case claims.OtherWish():
                raise AlreadyExists(
                    "This idempotency key was used for another request.",
                    remedy="Use a new key for each story; the same one only to send it again.",
                )

    def finish(self, scope: Scope, claim: Claim, data: Mapping[str, Any]) -> bool:
        """Writes the terminal state, once. False when it could not be kept."""
        if not claim.holds(self._clock.now() + FINISH_SECONDS):
            return False
        path = scope.doc(COLLECTION, claim.story_id)
        try:
            self._store.commit([Write.set(path, data)], timeout=FINISH_SECONDS)
        except (Refused, StoreUnavailable):
            return False
        return True

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
        return _read(document)

    def own(self, scope: Scope, owner: str, limit: int) -> list[StoredStory]:
        """One's own finished stories, the newest first."""
        documents = self._store.query(
            scope.collection(COLLECTION),
            [("owner", "==", owner), ("state", "==", "finished")],
            order_by="created_at",
            descending=True,
            limit=limit,
        )
        return [_read(document) for document in documents]


def _read(document: Document) -> StoredStory:
    return StoredStory(
        document.id,
        Story.model_validate(document.data["story"]),
        document.data["created_at"].timestamp(),
    )
