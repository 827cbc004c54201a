"""The stories of an environment as their owners have them: to read, rate, take along and delete.

Nobody but the owner gets to see a story: for others it isn't there. Deleting a story that is being
written is refused; erasing all of them is not, and what is being written then is never kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.clock import Clock
from functions.documents import Document, Reads, Refused, Scope, Store, Write
from functions.errors import (
    AlreadyExists,
    InProgress,
    InvalidArgument,
    NotFound,
    StoreUnavailable,
)
from functions.metrics.observation import Note
from functions.published import timestamp
from functions.stories import claim as claims
from functions.stories.claim import COLLECTION
from functions.stories.owners import rating
from functions.stories.owners.rating import Vote
from functions.stories.shelf import StoredStory, read_story
from functions.stories.studio import describe

TRIES = 5
ERASED_AT_ONCE = 400
"""Stories that one commit deletes."""

ERASING_SECONDS = 30.0
CURSOR = re.compile(r"(\d{1,17})-([0-9a-f]{32})")
"""The place of a story in a list: when it was asked for (µs since the epoch), and its id."""


@dataclass(frozen=True)
class OwnStory:
    """A finished story, and what its owner says of it."""

    stored: StoredStory
    vote: Vote | None

    def to_json(self) -> dict[str, Any]:
        return {**describe(self.stored), "rating": self.vote.to_json() if self.vote else None}


@dataclass(frozen=True)
class Export:
    """All that is kept of some stories, as their owner may have it. `next` as in a Page."""

    stories: tuple[Mapping[str, Any], ...]
    next: str | None

    def to_json(self) -> dict[str, Any]:
        return {"stories": list(self.stories), "next": self.next}


@dataclass(frozen=True)
class Page:
    """`next` is where the following page goes on; None: this is the last."""

    stories: tuple[OwnStory, ...]
    next: str | None


@dataclass(frozen=True)
class Erased:
    """How many stories went. Not `complete`: there are more than went in one request."""

    stories: int
    complete: bool


class Library:
    """`stories/{id}`. Every method raises StoreUnavailable."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def read(self, scope: Scope, owner: str, story_id: str) -> OwnStory:
        """One's own finished story. Raises NotFound, InProgress."""
        return _own(self._finished(scope, owner, story_id))

    def own(self, scope: Scope, owner: str, limit: int, after: str | None = None) -> Page:
        """One's own finished stories, the newest first. `after` is a page's `next`.

        Raises InvalidArgument.
        """
        found = self._store.query(
            scope.collection(COLLECTION),
            [("owner", "==", owner), ("state", "==", "finished")],
            order_by="created_at",
            descending=True,
            limit=limit + 1,
            after=place_of(after) if after is not None else (),
        )
        shown = found[:limit]
        following = cursor_of(shown[-1]) if len(found) > limit else None
        return Page(tuple(_own(document) for document in shown), following)

    def vote(self, scope: Scope, owner: str, story_id: str, stars: int) -> tuple[Vote, Note | None]:
        """The vote on one's own finished story, and what to count when it is new.

        Raises NotFound, InProgress, AlreadyExists (another vote was given before).
        """
        for _ in range(TRIES):
            document = self._finished(scope, owner, story_id)
            match rating.decide(document.data, stars, self._clock.now()):
                case rating.Same(vote):
                    return vote, None
                case rating.Other(vote):
                    raise AlreadyExists(
                        f"You have given this story {vote.stars} stars already.",
                        remedy="A vote stays as it is; there is nothing to do.",
                    )
                case rating.New(vote):
                    kept = {rating.FIELD: vote.to_document()}
                    try:
                        self._store.commit([Write.update(document, kept)])
                    except Refused:
                        continue
                    return vote, rating.note(document.data, vote)
        raise StoreUnavailable("Others kept changing the same story.")

    def delete(self, scope: Scope, owner: str, story_id: str) -> None:
        """One's own story, finished or failed, goes. Raises NotFound, InProgress."""
        for _ in range(TRIES):
            document = self._any(scope, owner, story_id)
            try:
                self._store.commit([Write.delete(document)])
            except Refused:
                continue
            return
        raise StoreUnavailable("Others kept changing the same story.")

    def erase(self, scope: Scope, owner: str) -> Erased:
        """All of one's own go, in whatever state; as many as that is in ERASING_SECONDS."""
        until = self._clock.monotonic() + ERASING_SECONDS
        erased = 0
        while self._clock.monotonic() < until:
            paths = paths_of(self._store, scope, owner, ERASED_AT_ONCE)
            if paths:
                self._store.commit([Write.delete(path) for path in paths])
                erased += len(paths)
            if len(paths) < ERASED_AT_ONCE:
                return Erased(erased, complete=True)
        return Erased(erased, complete=False)

    def export(self, scope: Scope, owner: str, limit: int, after: str | None = None) -> Export:
        """All that is kept of one's own stories: see `exported`."""
        return exported(self._store, scope, owner, limit, after)

    def _finished(self, scope: Scope, owner: str, story_id: str) -> Document:
        document = self._any(scope, owner, story_id)
        if document.data["state"] != "finished":
            raise NotFound("This story could not be written; there is nothing to read.")
        return document

    def _any(self, scope: Scope, owner: str, story_id: str) -> Document:
        """One's own story that isn't being written. Raises NotFound, InProgress."""
        well_formed = claims.STORY_ID.fullmatch(story_id)
        document = self._store.get(scope.doc(COLLECTION, story_id)) if well_formed else None
        if document is None or document.data["owner"] != owner:
            raise NotFound("You have no story of that id.")
        if document.data["state"] == "running":
            raise InProgress(
                "This story is being written.",
                remedy="Wait until it is done, then try again: 30 s at most, or two minutes if "
                "its instance died.",
            )
        return document


def exported(reads: Reads, scope: Scope, owner: str, limit: int, after: str | None) -> Export:
    """All that is kept of a user's stories, in every state, by id. `after` is a page's `next`.

    Raises InvalidArgument, StoreUnavailable.
    """
    if after is not None and not claims.STORY_ID.fullmatch(after):
        raise _no_cursor()
    found = reads.query(
        scope.collection(COLLECTION),
        [("owner", "==", owner)],
        limit=limit + 1,
        after=(after,) if after is not None else (),
    )
    shown = found[:limit]
    following = shown[-1].id if len(found) > limit else None
    return Export(tuple(_kept(document) for document in shown), following)


def paths_of(reads: Reads, scope: Scope, owner: str, limit: int) -> list[str]:
    """Where a user's stories are kept, whatever their state."""
    return reads.paths(scope.collection(COLLECTION), [("owner", "==", owner)], limit)


def cursor_of(document: Document) -> str:
    return f"{round(document.data['created_at'].timestamp() * 1e6)}-{document.id}"


def place_of(cursor: str) -> tuple[Any, str]:
    """What `cursor_of` was made of. Raises InvalidArgument."""
    found = CURSOR.fullmatch(cursor)
    if not (found and found[1].isascii()):
        raise _no_cursor()
    return timestamp(int(found[1]) / 1e6), found[2]


def _no_cursor() -> InvalidArgument:
    return InvalidArgument("`after` is not what a page gave as its `next`.")


def _own(document: Document) -> OwnStory:
    return OwnStory(read_story(document), rating.vote_of(document.data))


def _kept(document: Document) -> dict[str, Any]:
    """A story's document as its owner may have it: without what tells other requests apart."""
    data: Mapping[str, Any] = document.data
    vote = rating.vote_of(data)
    return {
        "id": document.id,
        "state": data["state"],
        "version": data["version"],
        "created_at": data["created_at"].timestamp(),
        "expires_at": data["expires_at"].timestamp(),
        "attempts": data["attempts"],
        "story": data["story"],
        "error": data["error"],
        "rating": vote.to_json() if vote else None,
    }
