"""One story that is being written: by the loop on one side, for the thread of its request on the
other."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from concurrent.futures import Future

from functions.clock import Clock
from functions.stories.model import failure
from functions.stories.model.calling import Completed, Outcome
from functions.stories.model.failure import Failure
from functions.stories.model.ledger import Ledger
from functions.stories.story import Piece

GRACE_SECONDS = 0.1
"""How much longer than its deadline the thread of a request waits for the loop to say so."""


class Running:
    """A calling.Generation. The loop keeps the ledger, hands out pieces and says how it ended."""

    def __init__(self, clock: Clock, seconds: float, *, stream: bool) -> None:
        self.started = clock.monotonic()
        self.deadline = self.started + seconds
        self.stream = stream
        self.ledger = Ledger(clock)
        self.told: tuple[Piece, ...] = ()
        """Pieces handed out."""

        self.gave_up: Failure | None = None
        """Why the version's own model was given up for its fallback."""

        self.future: Future[None] | None = None
        self._clock = clock
        self._queue: queue.SimpleQueue[Piece | Outcome | Exception] = queue.SimpleQueue()
        self._ended: Outcome | Exception | None = None

    # for the thread of the request

    def next(self, seconds: float) -> Piece | Outcome | None:
        """Raises what went wrong in our own code."""
        found: Piece | Outcome | Exception | None = self._ended or self._wait(seconds)
        if isinstance(found, Exception):
            self._ended = found
            raise found
        if isinstance(found, Outcome):
            self._ended = found
        return found

    def cancel(self) -> Outcome:
        while self._ended is None:
            try:
                found = self._queue.get_nowait()
            except queue.Empty:
                break
            if not isinstance(found, Piece):
                self._ended = found
        if not isinstance(self._ended, Outcome):
            self._ended = self._cut_off(failure.cancelled())
        return self._ended

    def _wait(self, seconds: float) -> Piece | Outcome | Exception | None:
        left = self.deadline + GRACE_SECONDS - self._clock.monotonic()
        try:
            return self._queue.get(timeout=max(0.0, min(seconds, left)))
        except queue.Empty:
            return self._stuck() if left <= seconds else None

    def _stuck(self) -> Outcome:
        """The loop did not say in time that the time is up: this process is too busy."""
        return self._cut_off(self.timed_out(late=float("inf")))

    def _cut_off(self, ended: Failure) -> Outcome:
        """The end, wherever the loop is: it is told to stop, and sends nothing meanwhile."""
        self.ledger.close()
        outcome = self.outcome(ended)
        if self.future is not None:
            self.future.cancel()
        return outcome

    # for the loop

    def tell(self, pieces: Sequence[Piece]) -> bool:
        """Hands out what is new; False when it does not go on from what was handed out before."""
        told = len(self.told)
        if tuple(pieces[:told]) != self.told:
            return False
        for piece in pieces[told:]:
            self._queue.put(piece)
        self.told = tuple(pieces)
        return True

    def finish(self, ended: Outcome | Exception) -> None:
        self._queue.put(ended)

    def remaining(self) -> float:
        return max(0.0, self.deadline - self._clock.monotonic())

    def late(self) -> float:
        """Seconds past the deadline; negative before it."""
        return self._clock.monotonic() - self.deadline

    def outcome(self, result: Completed | Failure) -> Outcome:
        """How it ended, with every call that was sent for it."""
        ended = result if isinstance(result, Failure) else None
        return Outcome(result, self.ledger.attempts(ended), self.gave_up)

    def timed_out(self, late: float) -> Failure:
        return failure.timed_out(
            model_seconds=self.ledger.waited,
            total_seconds=self.deadline - self.started,
            late_seconds=late,
        )
