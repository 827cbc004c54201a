"""Generating a story: the way of one request, from its identity to its answer.

    snapshot → who → what → which version → room in memory → claim → model → one write → metrics

Two commits a story: the claim, and the terminal state. No lock and no transaction is held while
the model works. The whole takes at most `Budget.total` seconds, of which `reserve` are kept to
store the result, to count it and to answer.

When the story is there and can't be stored, the user gets it all the same, with `stored: false`: it
was waited for and paid for, and asking again would cost it twice. Its document stays `running`
until its lease ends; then the same key may generate again.

A replay (the same key again) isn't counted in the metrics: no version ran.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from functions import log, web
from functions.clock import Clock
from functions.documents import Scope
from functions.errors import (
    FailedPrecondition,
    Internal,
    OutOfMemory,
    PalierError,
)
from functions.identity import Actor
from functions.metrics.tally import Observation
from functions.stories import choose, failure
from functions.stories.calling import Completed, Model, Outcome
from functions.stories.choose import Chosen, Evaluator
from functions.stories.claim import Claim, story_id
from functions.stories.failure import Cause
from functions.stories.memory import MemoryUse
from functions.stories.request import StoryOrder
from functions.stories.shelf import Shelf, StoredStory
from functions.stories.story import Provenance, Story
from functions.stories.versions import SERVICE

NO_VERSION = "none"
"""Counted under this name: requests that ended before a version was chosen."""


class Snapshot(Protocol):
    """What a story needs of the published snapshot."""

    @property
    def generation(self) -> int: ...

    @property
    def evaluator(self) -> Evaluator: ...

    @property
    def services(self) -> Mapping[str, Any]: ...

    def user_hash(self, uid: str) -> str: ...


class Snapshots(Protocol):
    def get(self, scope: Scope) -> Snapshot: ...


class Recorder(Protocol):
    def record(self, scope: Scope, observation: Observation) -> None: ...


class Memory(Protocol):
    def read(self) -> MemoryUse: ...


@dataclass(frozen=True)
class Budget:
    """Seconds a request may take in all, and how many of them are kept for what follows the model:
    a write of at most a second, and a flush of the metrics of at most another."""

    total: float = 30.0
    reserve: float = 2.0


@dataclass(frozen=True)
class Studio:
    """Everything that making stories takes. Built once a process."""

    shelf: Shelf
    snapshots: Snapshots
    model: Model
    recorder: Recorder
    memory: Memory
    clock: Clock
    budget: Budget = Budget()


@dataclass(frozen=True)
class Told:
    """The answer: a story, whether it could be stored, and whether it had been made before."""

    story: StoredStory
    stored: bool = True
    replayed: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            **describe(self.story),
            "stored": self.stored,
            "replayed": self.replayed,
        }


def describe(stored: StoredStory) -> dict[str, Any]:
    """A story as clients see it. `created_at` is in seconds since the epoch."""
    return {
        "id": stored.id,
        "created_at": stored.created_at,
        "story": stored.story.model_dump(mode="json"),
    }


def generate(studio: Studio, scope: Scope, identify: Callable[[], Actor], body: Any) -> Told:
    """Makes one story for the person that `identify` names, as `body` (a StoryOrder) asks.

    Raises Unauthenticated, InvalidArgument, FailedPrecondition (nothing is released), AlreadyExists
    and InProgress (the idempotency key), OutOfMemory, OpenAIError, Timeout, StoreUnavailable,
    Internal. However it ends, it is counted once, but for replays.
    """
    with log.bound(application=scope.application, environment=scope.environment):
        return _counted(_Course(studio, scope), identify, body)


def _counted(course: _Course, identify: Callable[[], Actor], body: Any) -> Told:
    try:
        told = course.run(identify, body)
    except PalierError as error:
        course.count(error.code, course.cause or failure.cause_of(error))
        if course.version != NO_VERSION:
            error.extra["version"] = course.version
        raise
    except Exception as error:
        log.exception("story crashed", error, version=course.version)
        course.count(Internal.code, Cause.INTERNAL)
        raise Internal("The story could not be made.") from None
    if not told.replayed:
        course.count("OK", Cause.NONE, words=told.story.story.words)
    return told


class _Course:
    """One request on its way, and what is known of it so far for the metrics."""

    def __init__(self, studio: Studio, scope: Scope) -> None:
        self.studio = studio
        self.scope = scope
        self.started = studio.clock.monotonic()
        self.snapshot: Snapshot | None = None
        self.user = ""
        self.version = NO_VERSION
        self.cause: Cause | None = None
        self.attempts = 0
        self.memory = 0.0

    def run(self, identify: Callable[[], Actor], body: Any) -> Told:
        self.snapshot = snapshot = self.studio.snapshots.get(self.scope)
        uid = identify().id
        self.user = snapshot.user_hash(uid)
        chosen = self._choose(snapshot, uid)
        order = web.validated(StoryOrder, body)
        self._admit()
        claim = self._claim(uid, order, snapshot.generation)
        made_before = self.studio.shelf.claim(self.scope, claim)
        if made_before is not None:
            return Told(made_before, replayed=True)
        return self._make(chosen, order, claim)

    def _choose(self, snapshot: Snapshot, uid: str) -> Chosen:
        match choose.choose(snapshot.evaluator, snapshot.services, uid):
            case Chosen() as chosen:
                self.version = chosen.version.version
                return chosen
            case choose.Unservable(version, reason):
                self.version, self.cause = version, reason.cause
                log.error("story version can't be served", version=version, detail=reason.detail)
                raise failure.to_error(reason)
            case choose.NothingReleased():
                raise FailedPrecondition(
                    "No version of the story function is released in this environment.",
                    remedy="Create a version and make it a variant of the flag `stories.version`.",
                )

    def _admit(self) -> None:
        use = self.studio.memory.read()
        self.memory = use.share
        if not use.admits:
            raise OutOfMemory("This instance has no memory left for another story.")

    def _claim(self, uid: str, order: StoryOrder, generation: int) -> Claim:
        key = order.idempotency_key or uuid.uuid4().hex
        return Claim(
            story_id=story_id(uid, key),
            owner=uid,
            request_hash=order.hash,
            version=self.version,
            generation=generation,
            claimed_at=round(self.studio.clock.now(), 3),
        )

    def _make(self, chosen: Chosen, order: StoryOrder, claim: Claim) -> Told:
        try:
            outcome = self._call(chosen, order)
        except Exception:  # ours: the claim is given up, so that the key can be used again at once
            self._keep(claim, claim.failed({"code": Internal.code, "reason": None}, 0))
            raise
        self.attempts = outcome.attempts
        if not isinstance(outcome.result, Completed):
            self.cause = outcome.result.cause
            error = failure.to_error(outcome.result)
            self._keep(claim, claim.failed(_summary(error), outcome.attempts))
            raise error
        story = _story(chosen, order, outcome.result, outcome.attempts)
        data = claim.finished(story.model_dump(mode="json"), outcome.attempts)
        kept = self._keep(claim, data)
        return Told(StoredStory(claim.story_id, story, claim.claimed_at), stored=kept)

    def _call(self, chosen: Chosen, order: StoryOrder) -> Outcome:
        call = chosen.handler.compose(chosen.version, chosen.prompt, order, self.user)
        budget = self.studio.budget
        elapsed = self.studio.clock.monotonic() - self.started
        seconds = budget.total - budget.reserve - elapsed
        return self.studio.model.complete(call, chosen.handler.read, seconds)

    def _keep(self, claim: Claim, data: Mapping[str, Any]) -> bool:
        kept = self.studio.shelf.finish(self.scope, claim, data)
        if not kept:
            log.error("story not stored", story=claim.story_id, state=data["state"])
        return kept

    def count(self, code: str, cause: Cause, words: int = 0) -> None:
        """Counts the request. Without a snapshot there is no generation to count it for."""
        clock = self.studio.clock
        duration_ms = (clock.monotonic() - self.started) * 1_000
        tell = log.info if cause in (Cause.NONE, Cause.CLIENT) else log.warning
        tell(
            "story request ended",
            service=SERVICE,
            version=self.version,
            code=code,
            cause=cause.value,
            attempts=self.attempts,
            duration_ms=round(duration_ms),
        )
        if self.snapshot is None:
            return
        observation = Observation(
            service=SERVICE,
            version=self.version,
            generation=self.snapshot.generation,
            at=clock.now(),
            duration_ms=duration_ms,
            code=code,
            cause=cause.value,
            user_hash=self.user,
            retries=max(0, self.attempts - 1),
            memory=self.memory,
            words=words,
        )
        self.studio.recorder.record(self.scope, observation)


def _story(chosen: Chosen, order: StoryOrder, completed: Completed, attempts: int) -> Story:
    provenance = Provenance(
        version=chosen.version.version,
        content_hash=chosen.version.content_hash,
        model=completed.model,
        usage=completed.usage,
        attempts=attempts,
    )
    return Story.of(completed.draft, order.language, provenance)


def _summary(error: PalierError) -> dict[str, Any]:
    """What is kept of a failure: codes, no text."""
    return {"code": error.code, "reason": error.extra.get("reason")}
