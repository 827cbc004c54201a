"""The stories of an environment in Firestore, while they are made: claiming and finishing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.clock import Clock
from functions.documents import Document, Refused, Scope, Store, Write
from functions.errors import AlreadyExists, InProgress, StoreUnavailable
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
    """`stories/{id}`, as the request that makes the story uses it."""

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
                return read_story(stored)
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


def read_story(document: Document) -> StoredStory:
    """The story in the document of one that is finished."""
    return StoredStory(
        document.id,
        Story.model_validate(document.data["story"]),
        document.data["created_at"].timestamp(),
    )
