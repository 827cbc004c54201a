"""What the verb needs of a model, in no vendor's words.

begin → pieces, as each is complete → outcome
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from functions.stories.handlers import Handler, ModelCall
from functions.stories.model.failure import Failure
from functions.stories.story import Draft, Piece, Usage

LOOK_SECONDS = 0.5
"""How often somebody who waits for a model looks whether the client is still there."""


@dataclass(frozen=True)
class Attempt:
    """One call that was sent to a model.

    `usage` is None when the API did not say what it billed; `received` are bytes of the story's
    text that came all the same. `answered_by` is the model that the API says it used.
    """

    model: str
    seconds: float
    usage: Usage | None
    received: int = 0
    failure: Failure | None = None
    answered_by: str | None = None


@dataclass(frozen=True)
class Completed:
    """A draft, and the call that made it. `model` is what the API says it used."""

    draft: Draft
    model: str
    response_id: str


@dataclass(frozen=True)
class Outcome:
    """How calling ended, and every call that was sent for it, in their order.

    `gave_up` says why the version's own model was given up: the result is then the fallback's.
    """

    result: Completed | Failure
    attempts: tuple[Attempt, ...] = ()
    gave_up: Failure | None = None

    @property
    def usage(self) -> Usage:
        return usage_of(self.attempts)


def usage_of(attempts: Sequence[Attempt]) -> Usage:
    """What the API says it billed for all these calls together."""
    told = [attempt.usage for attempt in attempts if attempt.usage]
    return Usage(
        input_tokens=sum(usage.input_tokens for usage in told),
        output_tokens=sum(usage.output_tokens for usage in told),
    )


@dataclass(frozen=True)
class Moderated:
    """What the moderation endpoint says of one text: `scores` by category, 0 to 1."""

    flagged: bool
    scores: Mapping[str, float]


Moderations = tuple[Moderated, ...] | Failure


class Generation(Protocol):
    """A story that is being written."""

    def next(self, seconds: float) -> Piece | Outcome | None:
        """The next piece as soon as it is complete, then the outcome, again and again; None when
        `seconds` pass first."""
        ...

    def cancel(self) -> Outcome:
        """Ends it, wherever it is: the connection is closed. The outcome at hand when it is over
        already."""
        ...


class Model(Protocol):
    def begin(
        self, call: ModelCall, handler: Handler, seconds: float, *, stream: bool
    ) -> Generation:
        """Starts calling the model: its outcome comes within `seconds`, whatever happens.

        At most one retry, then at most one call of `call.fallback`, both only before the first
        piece was handed out. Without `stream` there are no pieces.
        """
        ...

    def moderate(self, texts: Sequence[str], seconds: float) -> Future[Moderations]:
        """What the moderation endpoint says of each text, within `seconds`. Can be cancelled."""
        ...
