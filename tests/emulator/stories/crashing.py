"""Models that crash, or whose process dies, with all that they know in the message."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Literal

from functions.stories.handlers import Handler, ModelCall
from functions.stories.model.calling import Generation, Model, Moderations, Outcome
from functions.stories.story import Piece


class Killed(BaseException):
    """The end of the process: nothing in it catches this."""


class Crashing:
    """A calling.Model that ends with an error of a kind: when it is asked, or after its first word
    (a piece, or the outcome)."""

    def __init__(
        self, model: Model, when: Literal["asked", "answering"], kind: type[BaseException]
    ) -> None:
        self._model = model
        self._when = when
        self._kind = kind

    def begin(
        self, call: ModelCall, handler: Handler, seconds: float, *, stream: bool
    ) -> Generation:
        if self._when == "asked":
            raise self._kind(f"{call}") from ValueError(call.data)
        return _Breaking(self._model.begin(call, handler, seconds, stream=stream), self._kind)

    def moderate(self, texts: Sequence[str], seconds: float) -> Future[Moderations]:
        return self._model.moderate(texts, seconds)


class _Breaking:
    def __init__(self, generation: Generation, kind: type[BaseException]) -> None:
        self._generation = generation
        self._kind = kind
        self._said: Piece | Outcome | None = None

    def next(self, seconds: float) -> Piece | Outcome | None:
        if self._said is None:
            self._said = self._generation.next(seconds)
        if isinstance(self._said, Piece):
            said, self._said = self._said, self.cancel()
            return said
        raise self._kind(f"{self._said}")

    def cancel(self) -> Outcome:
        return self._generation.cancel()
