"""From a request to the claim on its story: everything that must hold before the model is asked.

snapshot → identity → switch → wish → version → room in memory → daily cap → claim and quota
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from functions import log, web
from functions.documents import Scope
from functions.errors import (
    AlreadyExists,
    FailedPrecondition,
    InProgress,
    OutOfMemory,
    PalierError,
    StoreUnavailable,
    SwitchedOff,
)
from functions.identity import Actor
from functions.stories import choose
from functions.stories.account import Account
from functions.stories.choose import Chosen
from functions.stories.claim import Claim, story_id
from functions.stories.handlers import ModelCall
from functions.stories.limits import prices
from functions.stories.limits.cap import Reserved
from functions.stories.model import failure
from functions.stories.model.failure import Cause
from functions.stories.request import StoryOrder
from functions.stories.shelf import Claimed, StoredStory
from functions.stories.studio import Snapshot, Studio


@dataclass(frozen=True)
class Commission:
    """A story that is ours to make: with which version, by which call, on which claim."""

    order: StoryOrder
    chosen: Chosen
    call: ModelCall
    claimed: Claimed
    reserved: Reserved


def begin(
    studio: Studio, scope: Scope, account: Account, identify: Callable[[], Actor], body: Any
) -> Commission | StoredStory:
    """The commission, or the story that the request's key has made already."""
    snapshot = studio.snapshots.get(scope)
    account.generation = snapshot.generation
    actor = identify()
    account.user = snapshot.user_hash(actor.id)
    if choose.switched_off(snapshot.evaluator, actor.id):
        raise SwitchedOff("Stories are switched off in this environment.")
    order = web.validated(StoryOrder, body)
    if order.version:
        studio.pins.require(scope, actor)
    try:
        return _commission(studio, scope, account, snapshot, actor.id, order)
    except (AlreadyExists, InProgress):
        raise
    except PalierError:
        made_before = _made_before(studio, scope, actor.id, order)
        if made_before is None:
            raise
        return made_before


def _commission(
    studio: Studio, scope: Scope, account: Account, snapshot: Snapshot, uid: str, order: StoryOrder
) -> Commission | StoredStory:
    chosen = _choose(snapshot, account, uid, order.version)
    _admit(studio, account)
    call = chosen.handler.compose(chosen.version, chosen.prompt, order, account.user)
    now = studio.clock.now()
    claim = Claim(
        story_id=story_id(uid, order.idempotency_key or uuid.uuid4().hex),
        owner=uid,
        user=account.user,
        request_hash=order.hash,
        version=chosen.arm,
        generation=snapshot.generation,
        claimed_at=round(now, 3),
        reserved=prices.worst_case(call, now),
    )
    reserved = studio.cap.reserve(scope, claim.reserved)
    found: Claimed | StoredStory | None = None
    try:
        found = studio.shelf.claim(scope, claim, studio.limits)
    finally:
        if not isinstance(found, Claimed):
            studio.cap.settle(scope, reserved, 0)
    return Commission(order, chosen, call, found, reserved) if isinstance(found, Claimed) else found


def _made_before(studio: Studio, scope: Scope, uid: str, order: StoryOrder) -> StoredStory | None:
    """What the key has made, for whoever would be refused another story."""
    if order.idempotency_key is None:
        return None
    try:
        return studio.shelf.find(scope, story_id(uid, order.idempotency_key), order.hash)
    except StoreUnavailable:
        return None


def _choose(snapshot: Snapshot, account: Account, uid: str, pinned: str | None) -> Chosen:
    match choose.choose(snapshot.evaluator, snapshot.services, uid, pinned):
        case Chosen() as chosen:
            account.arm = chosen.arm
            return chosen
        case choose.Unservable(_, reason) if pinned:
            account.cause = Cause.CLIENT
            raise FailedPrecondition(reason.detail)
        case choose.Unservable(arm, reason):
            account.arm, account.cause = arm, reason.cause
            log.error("story version can't be served", version=arm, detail=reason.detail)
            raise failure.to_error(reason)
        case choose.NothingReleased():
            raise FailedPrecondition(
                "No version of the story function is released in this environment.",
                remedy="Create a version and make it a variant of the flag `stories.version`.",
            )


def _admit(studio: Studio, account: Account) -> None:
    use = studio.memory.read()
    account.memory = use.share
    if not use.admits:
        raise OutOfMemory("This instance has no memory left for another story.")
