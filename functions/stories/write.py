"""From the claim on a story to its terminal state: asking the model, and settling what it cost.

    the wish moderated → model, piece by piece → the story moderated → one write → cap settled

No lock and no transaction is held while the model works. However it ends, by an error, a crash of
ours or a client that goes away, the claim gets its terminal state and the cost is settled.

When the story is there and can't be stored, the user gets it all the same, with `stored: false`: it
was waited for and paid for, and asking again would cost it twice. Its document stays `running`
until it is found abandoned.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from functions import log
from functions.documents import Scope
from functions.errors import Internal, PalierError
from functions.stories import quality
from functions.stories.account import CANCELLED, Account
from functions.stories.begin import Commission
from functions.stories.counting import Writing
from functions.stories.limits import prices
from functions.stories.model import failure, tracing
from functions.stories.model.calling import LOOK_SECONDS, Completed, Generation, Outcome
from functions.stories.model.failure import Cause, Failure
from functions.stories.moderation import Of
from functions.stories.shelf import StoredStory
from functions.stories.story import Mark, Moderation, Piece, Provenance, Story
from functions.stories.studio import Studio, Told

T = TypeVar("T")
Steps = Generator[Piece | None, None, T]
"""Pieces as they come, None for as long as there is none, and what it all comes to."""

FINISH_SECONDS = 1.0
"""Of what is kept for after the model: the rest is for counting."""

LONGEST_FINISH_SECONDS = 5.0
"""A story that is ready waits no longer for Firestore, even if there is time."""

WHOLE_SECONDS = 60.0
"""Longer than any deadline: without pieces there is nothing to look for."""


class Desk:
    """Where one commission is worked on. `stream`: its pieces are told while it is written."""

    def __init__(
        self, studio: Studio, scope: Scope, account: Account, given: Commission, *, stream: bool
    ) -> None:
        self._studio = studio
        self._scope = scope
        self._account = account
        self._given = given
        self._stream = stream
        self._marks: dict[Of, Mark] = {}
        self._closed = False
        self._note(Writing(given.call))

    def moderate_wish(self) -> None:
        """Raises OpenAIError when the wish may not be granted to its audience."""
        order = self._given.order
        texts = [text for text in (order.theme, order.hero, order.tone) if text]
        with self._settled():
            objection = result_of(self._moderate("wish", texts))
            if objection:
                raise self._failed(objection)

    def write(self) -> Steps[Told]:
        """Asks the model; tells its pieces, and None when there was nothing new for LOOK_SECONDS.

        Closing it before its end cancels the call. Raises OpenAIError, Timeout.
        """
        with self._settled():
            yield None  # whoever closes it from here on has it settled
            seconds = self._account.remaining - self._studio.budget.moderation
            generation = self._studio.model.begin(
                self._given.call, self._given.chosen.handler, seconds, stream=self._stream
            )
            try:
                yield from self._pieces(generation)
            except BaseException:
                self._end(generation.cancel())
                raise
            told = yield from self._finish()
        self._account.count("OK", Cause.NONE)
        return told

    def _pieces(self, generation: Generation) -> Steps[None]:
        """Every piece until the call has ended."""
        while True:
            found = generation.next(LOOK_SECONDS if self._stream else WHOLE_SECONDS)
            if isinstance(found, Outcome):
                self._end(found)
                return
            if isinstance(found, Piece):
                objection = None
                if self._shielded:
                    objection = yield from self._moderate("story", [found.text])
                if objection:
                    self._end(replace(generation.cancel(), result=objection))
                    return
                self._note_first_piece()
            yield found

    @property
    def _shielded(self) -> bool:
        """Whether every piece is moderated before it is shown."""
        return self._stream and self._given.order.readers == "child"

    def _moderate(self, of: Of, texts: Sequence[str]) -> Steps[Failure | None]:
        seconds = min(self._account.remaining, self._studio.budget.moderation)
        readers = self._given.order.readers
        answered = yield from self._studio.moderator.check(of, texts, readers, seconds)
        if answered != "passed" and self._account.remaining <= 0:
            return failure.late()  # nobody was asked for long enough to say
        if isinstance(answered, Failure):
            return answered
        if self._marks.get(of) != "unavailable":
            self._marks[of] = answered
        return None

    def _finish(self) -> Steps[Told]:
        """Stores what the call came to. Raises the error that it ended with."""
        result = self._writing.outcome.result
        if isinstance(result, Completed) and not self._shielded:
            result = (yield from self._moderate("story", result.draft.texts)) or result
        if isinstance(result, Failure):
            raise self._failed(result)
        claim, cost = self._given.claimed.claim, self._cost()
        story = self._story(result, cost)
        self._note(replace(self._writing, story=story))
        data = claim.finished(story.model_dump(mode="json"), self._writing.attempts)
        kept = self._keep(data, cost)
        return Told(StoredStory(claim.story_id, story, claim.claimed_at), stored=kept)

    def _failed(self, reason: Failure) -> PalierError:
        """The error for a failure of the model or of moderation, once it is settled."""
        self._note(replace(self._writing, ended=reason))
        self._account.cause = reason.cause
        error = failure.to_error(reason)
        self._settle(error.code, error.extra.get("reason"))
        return error

    @contextmanager
    def _settled(self) -> Iterator[None]:
        """Settles what ends unforeseen: after a crash of ours the key can be used again at once."""
        try:
            yield
        except PalierError:
            raise  # settled where it was raised
        except GeneratorExit:
            self._settle(CANCELLED)
            raise
        except Exception:
            self._settle(Internal.code)
            raise

    def _settle(self, code: str, reason: str | None = None) -> None:
        """The terminal state of what came to nothing: codes, no text. Once."""
        if self._closed:
            return
        error = {"code": code, "reason": reason}
        claim = self._given.claimed.claim
        self._keep(claim.failed(error, self._writing.attempts), self._cost())

    def _keep(self, data: Mapping[str, Any], cost: int) -> bool:
        given, self._closed = self._given, True
        seconds = min(LONGEST_FINISH_SECONDS, self._account.remaining + FINISH_SECONDS)
        try:
            kept = self._studio.shelf.finish(self._scope, given.claimed, data, cost, seconds)
        finally:
            self._studio.cap.settle(self._scope, given.reserved, cost)
        if not kept:
            story = given.claimed.claim.story_id
            log.error("story not stored", story=story, state=data["state"])
        return kept

    def _end(self, outcome: Outcome) -> None:
        self._note(replace(self._writing, outcome=outcome))
        for attempt in outcome.attempts:
            log.info("model call ended", version=self._account.arm, **tracing.fields_of(attempt))

    def _note_first_piece(self) -> None:
        if self._writing.first_piece_ms is None:
            self._note(replace(self._writing, first_piece_ms=self._account.elapsed * 1_000))

    @property
    def _writing(self) -> Writing:
        """What was done so far: the account has it, to count it however this ends."""
        return self._account.writing or Writing(self._given.call)

    def _note(self, writing: Writing) -> None:
        self._account.writing = writing

    def _cost(self) -> int:
        attempts = self._writing.outcome.attempts
        return prices.settled(self._given.call, attempts, self._studio.clock.now())

    def _story(self, completed: Completed, cost: int) -> Story:
        outcome, order = self._writing.outcome, self._given.order
        version = self._given.chosen.version
        provenance = Provenance(
            version=version.version,
            content_hash=version.content_hash,
            model=completed.model,
            usage=outcome.usage,
            attempts=len(outcome.attempts),
            fallback=outcome.gave_up is not None,
            cost_microdollars=cost,
            scores=quality.scores(completed.draft, order),
            moderation=Moderation.model_validate(self._marks),
        )
        return Story.of(completed.draft, order.language, provenance)


def result_of(steps: Generator[Any, None, T]) -> T:
    """What steps come to, for somebody who doesn't need to hear of each."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
