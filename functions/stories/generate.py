"""Generating a story: at once when it is done, or piece by piece while it is being written.

    begin (who, what, which version, claim) → write (model, moderation, one write) → metrics

Two commits a story: the claim, and the terminal state. The whole takes at most `Budget.total`
seconds, of which `reserve` are kept to store the result, to count it and to answer.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from functions import log
from functions.documents import Scope
from functions.identity import Actor
from functions.stories.account import Account
from functions.stories.begin import Commission, begin
from functions.stories.shelf import StoredStory
from functions.stories.story import Piece
from functions.stories.studio import Studio, Told
from functions.stories.write import Desk, result_of

Event = Piece | Told | None


def generate(studio: Studio, scope: Scope, identify: Callable[[], Actor], body: Any) -> Told:
    """Makes one story for the person that `identify` names, as `body` (a StoryOrder) asks.

    Raises Unauthenticated, PermissionDenied (to choose a version), InvalidArgument, SwitchedOff,
    FailedPrecondition (nothing is released), AlreadyExists and InProgress (the idempotency key),
    RateLimited, OutOfMemory, OpenAIError, Timeout, StoreUnavailable, Internal. However it ends, it
    is counted once, but for replays.
    """
    with log.bound(application=scope.application, environment=scope.environment):
        account = Account(studio, scope)
        with account.closing():
            begun = _begun(studio, scope, account, identify, body, stream=False)
            if isinstance(begun, StoredStory):
                return Told(begun, replayed=True)
            return result_of(begun.write())


def stream(
    studio: Studio, scope: Scope, identify: Callable[[], Actor], body: Any
) -> Generator[Event, None, None]:
    """The same piece by piece: what is complete, None while nothing is, and the whole at the end.

    Raises at once what `generate` raises before the model is asked, and the rest from the iterator.
    Closing the iterator cancels the call and settles what it cost.
    """
    with log.bound(application=scope.application, environment=scope.environment):
        account = Account(studio, scope)
        with account.closing():
            begun = _begun(studio, scope, account, identify, body, stream=True)
        if isinstance(begun, StoredStory):
            return log.kept(_again(begun))
        events = log.kept(_events(account, begun))
        next(events)  # a generator that was never begun can be closed without noticing
        return events


def _begun(
    studio: Studio,
    scope: Scope,
    account: Account,
    identify: Callable[[], Actor],
    body: Any,
    *,
    stream: bool,
) -> Desk | StoredStory:
    begun = begin(studio, scope, account, identify, body)
    if not isinstance(begun, Commission):
        account.left()
        return begun
    desk = Desk(studio, scope, account, begun, stream=stream)
    desk.moderate_wish()
    return desk


def _events(account: Account, desk: Desk) -> Generator[Event, None, None]:
    with account.closing():
        told = yield from desk.write()
    yield told


def _again(story: StoredStory) -> Generator[Event, None, None]:
    yield from story.story.pieces
    yield Told(story, replayed=True)
