"""One request for a story on its way, from its identity to its answer.

    snapshot → switch → who → what → which version → room in memory → daily cap → claim and quota
    → the wish moderated → model → the story moderated → one write → cap settled → metrics

Two commits a story: the claim, and the terminal state. No lock and no transaction is held while
the model works. The whole takes at most `Budget.total` seconds, of which `reserve` are kept to
store the result, to count it and to answer.

When the story is there and can't be stored, the user gets it all the same, with `stored: false`: it
was waited for and paid for, and asking again would cost it twice. Its document stays `running`
until it is found abandoned.

However it ends, what it cost is settled, and it is counted once. A replay (the same key again)
isn't counted: no version ran.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from functions import log, web
from functions.documents import Scope
from functions.errors import (
    FailedPrecondition,
    Internal,
    OutOfMemory,
    PalierError,
    SwitchedOff,
)
from functions.identity import Actor
from functions.metrics.tally import Observation
from functions.stories import choose, counting, failure, prices, quality, tracing
from functions.stories.calling import Completed, Generation, Outcome
from functions.stories.choose import Chosen
from functions.stories.claim import Claim, story_id
from functions.stories.counting import Writing
from functions.stories.failure import Cause, Failure
from functions.stories.handlers import ModelCall
from functions.stories.moderation import Of
from functions.stories.request import StoryOrder
from functions.stories.shelf import StoredStory
from functions.stories.story import Draft, Mark, Moderation, Piece, Provenance, Story
from functions.stories.studio import Snapshot, Studio, Told
from functions.stories.versions import SERVICE

NO_VERSION = "none"
"""Counted under this name: requests that ended before a version was chosen."""

CANCELLED = "CANCELLED"
"""The code of a request whose client went away."""

LOOK_SECONDS = 0.5
"""How often somebody who waits for the next piece may look whether the client is still there."""

GAVE_UP = {"code": Internal.code, "reason": None}


class Course:
    """`stream`: pieces of the story are told while it is being written."""

    def __init__(self, studio: Studio, scope: Scope, *, stream: bool) -> None:
        self.studio = studio
        self.scope = scope
        self.stream = stream
        self.started = studio.clock.monotonic()
        self.deadline = self.started + studio.budget.total - studio.budget.reserve
        self.told: Told | None = None
        self._snapshot: Snapshot | None = None
        self._user = ""
        self._arm = NO_VERSION
        self._cause: Cause | None = None
        self._memory = 0.0
        self._marks: dict[Of, Mark] = {}
        self._writing: Writing | None = None

    def begin(self, identify: Callable[[], Actor], body: Any) -> None:
        """As far as asking the model. Afterwards `told` is there if the key had made a story."""
        self._snapshot = snapshot = self.studio.snapshots.get(self.scope)
        actor = identify()
        self._user = snapshot.user_hash(actor.id)
        if choose.switched_off(snapshot.evaluator, actor.id):
            raise SwitchedOff("Stories are switched off in this environment.")
        order = web.validated(StoryOrder, body)
        if order.version:
            self.studio.pins.require(self.scope, actor)
        self._chosen = self._choose(snapshot, actor.id, order.version)
        self._order = order
        self._admit()
        version, prompt = self._chosen.version, self._chosen.prompt
        self._call = self._chosen.handler.compose(version, prompt, order, self._user)
        self._reserve(actor.id, snapshot.generation)
        if self.told is None:
            with self._given_up_on_errors():
                self._moderate_wish()

    def write(self) -> Iterator[Piece | None]:
        """Asks the model; None when there was nothing new for LOOK_SECONDS. Ends with `told` set.

        Closing it before cancels the call.
        """
        with self._given_up_on_errors():
            handler, seconds = self._chosen.handler, self._remaining()
            self._writing = Writing(self._call, Outcome(failure.unasked()))
            generation = self.studio.model.begin(self._call, handler, seconds, stream=self.stream)
            try:
                yield from self._pieces(generation)
            except GeneratorExit:
                self._ended(generation.cancel())
                self._settle(_failed(CANCELLED))
                raise
            except Exception:
                self._ended(generation.cancel())
                raise
            self._finish()

    @contextmanager
    def accounted(self) -> Iterator[None]:
        """Counts the request when it goes wrong, and names its version in the error."""
        try:
            yield
        except PalierError as error:
            self._count(error.code, self._cause or failure.cause_of(error))
            if self._arm != NO_VERSION:
                error.extra["version"] = self._arm
            raise
        except GeneratorExit:
            self._count(CANCELLED, Cause.CLIENT)
            raise
        except Exception as error:
            log.exception("story crashed", error, version=self._arm)
            self._count(Internal.code, Cause.INTERNAL)
            raise Internal("The story could not be made.") from None

    def _choose(self, snapshot: Snapshot, uid: str, pinned: str | None) -> Chosen:
        match choose.choose(snapshot.evaluator, snapshot.services, uid, pinned):
            case Chosen() as chosen:
                self._arm = chosen.arm
                return chosen
            case choose.Unservable(arm, reason):
                if pinned:
                    raise FailedPrecondition(reason.detail)
                self._arm, self._cause = arm, reason.cause
                log.error("story version can't be served", version=arm, detail=reason.detail)
                raise failure.to_error(reason)
            case choose.NothingReleased():
                raise FailedPrecondition(
                    "No version of the story function is released in this environment.",
                    remedy="Create a version and make it a variant of the flag `stories.version`.",
                )

    def _admit(self) -> None:
        use = self.studio.memory.read()
        self._memory = use.share
        if not use.admits:
            raise OutOfMemory("This instance has no memory left for another story.")

    def _reserve(self, uid: str, generation: int) -> None:
        """The most that the story can cost, and the claim on its key."""
        now = self.studio.clock.now()
        self._reserved = prices.worst_case(self._call, now)
        self.studio.cap.reserve(self.scope, self._reserved)
        self._claim = Claim(
            story_id=story_id(uid, self._order.idempotency_key or uuid.uuid4().hex),
            owner=uid,
            request_hash=self._order.hash,
            version=self._arm,
            generation=generation,
            claimed_at=round(now, 3),
            reserved=self._reserved,
        )
        made_before: StoredStory | None = None
        claimed = False
        try:
            made_before = self.studio.shelf.claim(self.scope, self._claim, self.studio.limits)
            claimed = made_before is None
        finally:
            if not claimed:
                self.studio.cap.settle(self.scope, self._reserved, 0)
        if made_before is not None:
            self.told = Told(made_before, replayed=True)

    def _moderate_wish(self) -> None:
        order = self._order
        texts = [text for text in (order.theme, order.hero, order.tone) if text]
        objection = self._moderate("wish", texts)
        if objection:
            self._fail(objection)

    def _pieces(self, generation: Generation) -> Iterator[Piece | None]:
        while True:
            found = generation.next(LOOK_SECONDS)
            if isinstance(found, Outcome):
                self._ended(found)
                return
            if found is not None and self._moderated_by_piece:
                objection = self._moderate("story", [found.text])
                if objection:
                    self._ended(replace(generation.cancel(), result=objection))
                    return
            if found is not None:
                self._note_first_piece()
            yield found

    @property
    def _moderated_by_piece(self) -> bool:
        """What children see has been looked at before."""
        return self.stream and self._order.readers == "child"

    def _moderate(self, of: Of, texts: Sequence[str]) -> Failure | None:
        seconds = min(self._remaining(), self.studio.budget.moderation)
        answered = self.studio.moderator.check(of, texts, self._order.readers, seconds)
        if isinstance(answered, Failure):
            return answered
        if self._marks.get(of) != "unavailable":
            self._marks[of] = answered
        return None

    def _finish(self) -> None:
        """The terminal state of a call that has ended. Raises the error that it ended with."""
        assert self._writing is not None
        result = self._writing.outcome.result
        if isinstance(result, Completed) and not self._moderated_by_piece:
            result = self._moderate("story", result.draft.texts) or result
        if isinstance(result, Failure):
            self._fail(result)
            return
        cost = self._cost()
        story = self._story(result, cost)
        self._writing = replace(self._writing, story=story)
        kept = self._keep(self._claim.finished(story.model_dump(mode="json"), self._attempts), cost)
        stored = StoredStory(self._claim.story_id, story, self._claim.claimed_at)
        self.told = Told(stored, stored=kept)
        self._count("OK", Cause.NONE)

    def _fail(self, reason: Failure) -> None:
        """Settles and raises."""
        if self._writing is not None:
            self._writing = replace(self._writing, ended=reason)
        self._cause = reason.cause
        error = failure.to_error(reason)
        self._settle(_failed(error.code, error.extra.get("reason")))
        raise error

    @contextmanager
    def _given_up_on_errors(self) -> Iterator[None]:
        """After a crash of ours the key can be used again at once."""
        try:
            yield
        except PalierError:
            raise  # settled where it was raised
        except Exception:
            self._settle(GAVE_UP)
            raise

    def _settle(self, summary: Mapping[str, Any]) -> None:
        """The terminal state of a request that came to nothing: codes, no text."""
        self._keep(self._claim.failed(summary, self._attempts), self._cost())

    def _keep(self, data: Mapping[str, Any], cost: int) -> bool:
        kept = self.studio.shelf.finish(self.scope, self._claim, data, cost)
        self.studio.cap.settle(self.scope, self._reserved, cost)
        if not kept:
            log.error("story not stored", story=self._claim.story_id, state=data["state"])
        return kept

    def _ended(self, outcome: Outcome) -> None:
        assert self._writing is not None
        self._writing = replace(self._writing, outcome=outcome)
        for attempt in outcome.attempts:
            log.info("model call ended", version=self._arm, **tracing.fields_of(attempt))

    def _note_first_piece(self) -> None:
        assert self._writing is not None
        if self._writing.first_piece_ms is None:
            self._writing = replace(self._writing, first_piece_ms=self._elapsed_ms())

    def _story(self, completed: Completed, cost: int) -> Story:
        assert self._writing is not None
        outcome = self._writing.outcome
        provenance = Provenance(
            version=self._chosen.version.version,
            content_hash=self._chosen.version.content_hash,
            model=completed.model,
            usage=outcome.usage,
            attempts=len(outcome.attempts),
            fallback=outcome.gave_up is not None,
            cost_microdollars=cost,
            scores=quality.scores(completed.draft, self._order),
            moderation=Moderation.model_validate(self._marks),
        )
        return Story.of(completed.draft, self._order.language, provenance)

    @property
    def _attempts(self) -> int:
        return len(self._writing.outcome.attempts) if self._writing else 0

    def _cost(self) -> int:
        attempts = self._writing.outcome.attempts if self._writing else ()
        return prices.settled(self._call, attempts, self.studio.clock.now())

    def _remaining(self) -> float:
        return max(0.0, self.deadline - self.studio.clock.monotonic())

    def _elapsed_ms(self) -> float:
        return (self.studio.clock.monotonic() - self.started) * 1_000

    def _count(self, code: str, cause: Cause) -> None:
        """Counts the request. Without a snapshot there is no generation to count it for."""
        duration_ms = self._elapsed_ms()
        tell = log.info if cause in (Cause.NONE, Cause.CLIENT) else log.warning
        tell(
            "story request ended",
            service=SERVICE,
            version=self._arm,
            code=code,
            cause=cause.value,
            attempts=self._attempts,
            duration_ms=round(duration_ms),
        )
        if self._snapshot is None:
            return
        seen = Observation(
            service=SERVICE,
            version=self._arm,
            generation=self._snapshot.generation,
            at=self.studio.clock.now(),
            duration_ms=duration_ms,
            code=code,
            cause=cause.value,
            user_hash=self._user,
            memory=self._memory,
        )
        for observation in counting.observations(seen, self._writing):
            self.studio.recorder.record(self.scope, observation)


def _failed(code: str, reason: str | None = None) -> dict[str, Any]:
    return {"code": code, "reason": reason}
