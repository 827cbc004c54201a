"""One story that is being written: by the loop on one side, for the thread of its request on the
other."""

from __future__ import annotations

import concurrent.futures
import queue
from collections.abc import Sequence
from dataclasses import replace

from functions.clock import Clock
from functions.stories import failure
from functions.stories.calling import Attempt, Outcome
from functions.stories.failure import Failure
from functions.stories.story import Piece, Usage

GRACE_SECONDS = 0.1
"""How much longer than its deadline the thread of a request waits for the loop to say so."""

CANCEL_SECONDS = 1.0


class Running:
    """A calling.Generation. The loop notes attempts, hands out pieces and says how it ended."""

    def __init__(self, clock: Clock, seconds: float, *, stream: bool) -> None:
        self.started = clock.monotonic()
        self.deadline = self.started + seconds
        self.stream = stream
        self.told: tuple[Piece, ...] = ()
        """Pieces handed out."""

        self.future: concurrent.futures.Future[None] | None = None
        self._clock = clock
        self._queue: queue.SimpleQueue[Piece | Outcome | BaseException] = queue.SimpleQueue()
        self._attempts: list[Attempt] = []
        self._open: tuple[str, float] | None = None
        self._received = 0
        self._outcome: Outcome | None = None

    # for the thread of the request

    def next(self, seconds: float) -> Piece | Outcome | None:
        if self._outcome is not None:
            return self._outcome
        left = self.deadline + GRACE_SECONDS - self._clock.monotonic()
        try:
            found = self._queue.get(timeout=max(0.0, min(seconds, left)))
        except queue.Empty:
            return self._stuck() if left <= seconds else None
        if isinstance(found, BaseException):
            raise found
        if isinstance(found, Outcome):
            self._outcome = found
        return found

    def cancel(self) -> Outcome:
        if self.future is not None:
            self.future.cancel()
        until = self._clock.monotonic() + CANCEL_SECONDS
        while self._outcome is None:
            try:
                found = self._queue.get(timeout=max(0.0, until - self._clock.monotonic()))
            except queue.Empty:
                self._outcome = self.outcome(failure.cancelled())
            else:
                if isinstance(found, Outcome):
                    self._outcome = found
                elif isinstance(found, BaseException):
                    self._outcome = self.outcome(failure.cancelled())
        return self._outcome

    def _stuck(self) -> Outcome:
        """The loop did not say in time that the time is up: this process is too busy."""
        if self.future is not None:
            self.future.cancel()
        self._outcome = self.outcome(self.timed_out(late=float("inf")))
        return self._outcome

    # for the loop

    def begin(self, model: str) -> None:
        self._open, self._received = (model, self._clock.monotonic()), 0

    def receive(self, size: int) -> None:
        """Bytes of the story's text that the call has brought so far."""
        self._received = size

    def end(self, usage: Usage | None, ended: Failure | None, answered_by: str | None) -> float:
        """How the call that began last ended; how many seconds it took."""
        attempt = self._closed(usage, ended, answered_by)
        self._open = None
        self._attempts.append(attempt)
        return attempt.seconds

    def tell(self, pieces: Sequence[Piece]) -> bool:
        """Hands out what is new; False when it does not go on from what was handed out before."""
        told = len(self.told)
        if tuple(pieces[:told]) != self.told:
            return False
        for piece in pieces[told:]:
            self._queue.put(piece)
        self.told = tuple(pieces)
        return True

    def finish(self, ended: Outcome | BaseException) -> None:
        self._queue.put(ended)

    def remaining(self) -> float:
        return max(0.0, self.deadline - self._clock.monotonic())

    def outcome(self, result: Failure, gave_up: Failure | None = None) -> Outcome:
        """How it ended with a failure, whatever call was under way."""
        attempts = tuple(self._attempts)
        if self._open is not None:
            attempts = (*attempts, self._closed(None, result, None))
        return Outcome(result, attempts, gave_up)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The calls that have ended."""
        return tuple(self._attempts)

    def timed_out(self, late: float) -> Failure:
        waited = sum(attempt.seconds for attempt in self.outcome(failure.cancelled()).attempts)
        return failure.timed_out(
            model_seconds=waited, total_seconds=self.deadline - self.started, late_seconds=late
        )

    def _closed(
        self, usage: Usage | None, ended: Failure | None, answered_by: str | None
    ) -> Attempt:
        model, since = self._open or ("", self._clock.monotonic())
        seconds = self._clock.monotonic() - since
        attempt = Attempt(model, seconds, usage, self._received, ended)
        return replace(attempt, answered_by=answered_by)
