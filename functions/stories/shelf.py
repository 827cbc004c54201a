"""The stories of an environment in Firestore, while they are made: claiming and finishing.

    claim    one read of {story, this hour's quota, the last one's} → decided → one commit
             {story: running, quota: reserved}, refused when either has changed meanwhile
    finish   one commit {story: its terminal state, quota: settled}, refused when somebody took the
             story over, found it abandoned or erased it meanwhile; the quota is settled even so

Nobody holds a lock or has to be alive for others to go on. A commit that is refused wrote nothing.
One whose answer is lost isn't repeated: what was reserved then stays charged.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from functions.clock import Clock
from functions.documents import Document, Refused, Scope, Store, Write
from functions.errors import (
    AlreadyExists,
    FailedPrecondition,
    InProgress,
    RateLimited,
    StoreUnavailable,
)
from functions.stories import abandoned
from functions.stories import claim as claims
from functions.stories.claim import COLLECTION, Claim
from functions.stories.limits import quota
from functions.stories.limits.quota import Limits, Used
from functions.stories.story import Story

CLAIM_SECONDS = 5.0
CALL_SECONDS = 3.0
LONGEST_PAUSE_SECONDS = 0.1
FINISH_SECONDS = 1.0

EXCEEDED = {
    "requests": "This user has asked for as many stories as PALIER_REQUESTS_AN_HOUR allows.",
    "cost": "This user's stories have cost what PALIER_DOLLARS_AN_HOUR allows.",
}


@dataclass(frozen=True)
class StoredStory:
    """A finished story, where it is kept, and when it was asked for (seconds since the epoch)."""

    id: str
    story: Story
    created_at: float


@dataclass(frozen=True)
class Claimed:
    """A claim that is ours: the version of its document as it was written, and where its quota is
    kept, if it takes any."""

    claim: Claim
    version: Any
    quota: str | None = None


class Shelf:
    """`stories/{id}`, as the request that makes the story uses it. One a process."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def find(self, scope: Scope, story_id: str, request_hash: str) -> StoredStory | None:
        """The finished story of this key and wish, if there is one. Raises StoreUnavailable."""
        stored = self._store.get(scope.doc(COLLECTION, story_id), timeout=CALL_SECONDS)
        if stored and claims.made(stored.data, request_hash):
            return read_story(stored)
        return None

    def claim(self, scope: Scope, claim: Claim, limits: Limits) -> Claimed | StoredStory:
        """Claimed, it is yours to generate, and `finish` must follow, once. Or the story that
        this key has made already, which takes no quota.

        Raises AlreadyExists (other wish), InProgress, RateLimited, FailedPrecondition (no hour has
        room for such a story), StoreUnavailable.
        """
        path = scope.doc(COLLECTION, claim.story_id)
        new = Write.create(path, claim.running())
        hours = _hours(scope, claim) if limits.any else ()
        until = self._clock.monotonic() + CLAIM_SECONDS
        while self._clock.monotonic() < until:
            found = self._store.get_many([path, *hours], timeout=CALL_SECONDS)
            stored = found[path]
            made_before = self._resolve(claim, stored) if stored else None
            if made_before is not None:
                return made_before
            writes = [Write.update(stored, claim.running()) if stored else new]
            if hours:
                writes.append(_reserving(claim, limits, hours[0], *(found[hour] for hour in hours)))
            if stored and stored.data["state"] == "running":  # its process died
                writes.append(abandoned.failure(scope, stored, self._clock.now()))
            try:
                versions = self._store.commit(writes, timeout=CALL_SECONDS)
            except Refused:
                self._clock.sleep(random.uniform(0, LONGEST_PAUSE_SECONDS))
                continue
            return Claimed(claim, versions[0], hours[0] if hours else None)
        raise RateLimited(
            "The same user asks for too many stories at once.",
            remedy="Ask for one after the other.",
            extra={"reason": "at_once", "retry_after": 1},
        )

    def finish(
        self, scope: Scope, held: Claimed, data: Mapping[str, Any], microdollars: int
    ) -> bool:
        """Writes the terminal state, and charges what it cost instead of what was reserved.

        False when the story could not be kept.
        """
        claim = held.claim
        running = Document(scope.doc(COLLECTION, claim.story_id), claim.running(), held.version)
        story = Write.update(running, data)
        if held.quota is None:
            return self._commit(story) is _Ended.WRITTEN
        settling = Write.add(held.quota, {"microdollars": microdollars - claim.reserved})
        ended = self._commit(story, settling)
        if ended is _Ended.REFUSED:  # one of the two has changed or is gone: each by itself
            ended = self._commit(story)
            self._commit(settling)
        return ended is _Ended.WRITTEN

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

    def _commit(self, *writes: Write) -> _Ended:
        try:
            self._store.commit(writes, timeout=FINISH_SECONDS)
        except Refused:
            return _Ended.REFUSED
        except StoreUnavailable:
            return _Ended.UNKNOWN
        return _Ended.WRITTEN


class _Ended(Enum):
    """How a commit ended. UNKNOWN may have been written."""

    WRITTEN = auto()
    REFUSED = auto()
    UNKNOWN = auto()


def _hours(scope: Scope, claim: Claim) -> tuple[str, str]:
    """Where the quota of the claim's hour is kept, and that of the one before."""
    this, last = quota.hours(claim.claimed_at)
    return (
        scope.doc(quota.COLLECTION, quota.name(claim.owner, this)),
        scope.doc(quota.COLLECTION, quota.name(claim.owner, last)),
    )


def _reserving(
    claim: Claim, limits: Limits, path: str, this: Document | None, last: Document | None
) -> Write:
    """Takes the claim's request and cost from its user's quota. Raises RateLimited."""
    now = claim.claimed_at
    match quota.decide(limits, claim.reserved, _used(this), _used(last), now):
        case Used() as used:
            data = quota.document(used, quota.hours(now)[0])
            return Write.update(this, data) if this else Write.create(path, data)
        case quota.Exceeded(limit, retry_after):
            raise RateLimited(
                EXCEEDED[limit],
                extra={"reason": "an_hour", "limit": limit, "retry_after": retry_after},
            )
        case quota.TooDear():
            raise FailedPrecondition(
                "One story may cost more than PALIER_DOLLARS_AN_HOUR allows a user for an hour.",
                remedy="Raise the setting, or release a version with a lower max_output_tokens.",
            )


def _used(document: Document | None) -> Used:
    return Used.of(document.data if document else None)


def read_story(document: Document) -> StoredStory:
    """The story in the document of one that is finished."""
    return StoredStory(
        document.id,
        Story.model_validate(document.data["story"]),
        document.data["created_at"].timestamp(),
    )
