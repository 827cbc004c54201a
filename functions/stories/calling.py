"""What the verb needs of a model, in no vendor's words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from functions.stories.failure import Failure
from functions.stories.handlers import ModelCall
from functions.stories.story import Draft, Usage


@dataclass(frozen=True)
class Completed:
    """A draft, and the call that made it. `usage` sums up all calls that were billed for it."""

    draft: Draft
    model: str
    response_id: str
    usage: Usage


@dataclass(frozen=True)
class Outcome:
    """How calling ended. `attempts` were sent; `model_seconds` were spent waiting for them."""

    result: Completed | Failure
    attempts: int
    model_seconds: float


class Model(Protocol):
    def complete(self, call: ModelCall, read: Callable[[str], Draft], seconds: float) -> Outcome:
        """Calls the model, at most twice, and returns within `seconds` whatever happens.

        `read` makes the draft of the answer's text, or raises NotAStory.
        """
        ...
