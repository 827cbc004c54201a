"""The stories of an environment in Firestore, while they are made: claiming and finishing.

    claim    one read of {story, this hour's quota, the last one's} → decided → one commit
             {story: running, quota: reserved}, refused when either has changed meanwhile
    finish   one commit {story: its terminal state, quota: settled}, refused when somebody took the
             story over, found it abandoned or erased it meanwhile; the quota is settled even so

Nobody holds a lock or has to be alive for others to go on. A commit that is refused wrote nothing.
One whose answer is lost is made again: both rest on the story's version, so that one of them is
refused, and the claim's token in the document tells whose it is. Only the quota of a story that is
somebody else's meanwhile is settled without it, and so but once: what isn't certain stays charged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from functions import log
from functions.clock import Clock
from functions.documents import Document, Refused, Scope, Store, Write
from functions.errors import AlreadyExists, InProgress, RateLimited, StoreUnavailable
from functions.stories import abandoned
from functions.stories import claim as claims
from functions.stories.claim import COLLECTION, Claim
from functions.stories.limits import hours
from functions.stories.limits.quota import Limits
from functions.stories.story import Story
from functions.stories.tries import Tries

CLAIM_SECONDS = 5.0
CALL_SECONDS = 3.0
LONGEST_PAUSE_SECONDS = 0.1
FINISH_SECONDS = 1.0
"""One try to finish."""

LONGEST_FINISH_PAUSE_SECONDS = 0.8


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
        kept = hours.paths(scope, claim.owner, claim.claimed_at) if limits.any else ()
        quota = kept[0] if kept else None
        lost: StoreUnavailable | None = None
        tries = self._tries_to_claim()
        for _ in tries:
            try:
                found = self._store.get_many([path, *kept], timeout=tries.seconds)
            except StoreUnavailable:
                if lost:
                    continue
                raise
            stored = found[path]
            if stored and claims.holds(claim, stored.data):  # the answer to it was lost
                return Claimed(claim, stored.version, quota)
            made_before = self._resolve(claim, stored) if stored else None
            if made_before is not None:
                return made_before
            writes = self._claiming(scope, claim, stored)
            if kept:
                this, last = (found[hour] for hour in kept)
                at, cost = claim.claimed_at, claim.reserved
                writes.append(hours.reserving(limits, cost, kept[0], this, last, at))
            try:
                versions = self._store.commit(writes, timeout=tries.seconds)
            except Refused:
                continue
            except StoreUnavailable as error:
                lost = error
                continue
            return Claimed(claim, versions[0], quota)
        raise lost or RateLimited(
            "The same user asks for too many stories at once.",
            remedy="Ask for one after the other.",
            extra={"reason": "at_once", "retry_after": 1},
        )

    def finish(
        self,
        scope: Scope,
        held: Claimed,
        data: Mapping[str, Any],
        microdollars: int,
        seconds: float,
    ) -> bool:
        """Writes the terminal state, and charges what it cost instead of what was reserved; tried
        until `seconds` are over.

        False when the story could not be kept, as far as is known.
        """
        claim = held.claim
        path = scope.doc(COLLECTION, claim.story_id)
        story = Write.update(Document(path, claim.running(), held.version), data)
        settling = _settling(held, microdollars)
        lost = False
        tries = self._tries_to_finish(seconds)
        for _ in tries:
            ended = self._commit([story, *settling], tries)
            if ended is _Ended.WRITTEN:
                return True
            if ended is _Ended.UNKNOWN:
                lost = True
                continue
            found = self._look([path, *(write.path for write in settling)], tries)
            if found is None:
                continue
            stored, *used = found
            match claims.standing(claim, data, stored.data if stored else None):
                case claims.Standing.ENDED:
                    return True
                case claims.Standing.LOST:
                    # Whether a lost commit settled before somebody else came can't be seen.
                    if lost or not self._settle(settling, tries):
                        _warn(held, microdollars)
                    return False
                case claims.Standing.HELD if None in used:  # its quota was erased meanwhile
                    settling = []
        _warn(held, microdollars)
        return False

    def _claiming(self, scope: Scope, claim: Claim, stored: Document | None) -> list[Write]:
        if stored is None:
            return [Write.create(scope.doc(COLLECTION, claim.story_id), claim.running())]
        writes = [Write.update(stored, claim.running())]
        if stored.data["state"] == "running":  # its process died
            writes.append(abandoned.failure(scope, stored, self._clock.now()))
        return writes

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

    def _settle(self, settling: list[Write], tries: Tries) -> bool:
        """The quota by itself, in the time that is left; False when it may not be settled."""
        if not settling:
            return True
        for _ in tries:
            ended = self._commit(settling, tries)
            if ended is not _Ended.REFUSED:
                return ended is _Ended.WRITTEN
            if self._look([settling[0].path], tries) == [None]:  # erased: nothing to settle
                return True
        return False

    def _commit(self, writes: list[Write], tries: Tries) -> _Ended:
        try:
            self._store.commit(writes, timeout=tries.seconds)
        except Refused:
            return _Ended.REFUSED
        except StoreUnavailable:
            return _Ended.UNKNOWN
        return _Ended.WRITTEN

    def _look(self, paths: list[str], tries: Tries) -> list[Document | None] | None:
        """What is at each path; None when that can't be had."""
        try:
            found = self._store.get_many(paths, timeout=tries.seconds)
        except StoreUnavailable:
            return None
        return [found[path] for path in paths]

    def _tries_to_claim(self) -> Tries:
        pause = LONGEST_PAUSE_SECONDS
        return Tries(
            self._clock, CLAIM_SECONDS, each=CALL_SECONDS, pause=pause, longest_pause=pause
        )

    def _tries_to_finish(self, seconds: float) -> Tries:
        pause, longest = LONGEST_PAUSE_SECONDS, LONGEST_FINISH_PAUSE_SECONDS
        return Tries(self._clock, seconds, each=FINISH_SECONDS, pause=pause, longest_pause=longest)


class _Ended(Enum):
    """How a commit ended. UNKNOWN may have been written."""

    WRITTEN = auto()
    REFUSED = auto()
    UNKNOWN = auto()


def _settling(held: Claimed, microdollars: int) -> list[Write]:
    """What is left of the reservation goes back to the hour that it was taken from, if any."""
    if held.quota is None:
        return []
    return [Write.add(held.quota, {"microdollars": microdollars - held.claim.reserved})]


def _warn(held: Claimed, microdollars: int) -> None:
    if held.quota:
        story, left = held.claim.story_id, held.claim.reserved - microdollars
        log.warning("quota may not be settled", story=story, microdollars=left)


def read_story(document: Document) -> StoredStory:
    """The story in the document of one that is finished."""
    return StoredStory(
        document.id,
        Story.model_validate(document.data["story"]),
        document.data["created_at"].timestamp(),
    )
