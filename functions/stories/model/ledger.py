"""The calls that were sent for one story. The loop writes, the thread of the request may read.

A call counts once its request has gone out: one that found no connection was billed by nobody.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass

from functions.clock import Clock
from functions.stories.model.calling import Attempt
from functions.stories.model.failure import Failure
from functions.stories.story import Usage


@dataclass
class _Call:
    """A call that is under way."""

    model: str
    since: float
    sent: bool = False
    received: int = 0
    streams: bool = False


@dataclass(frozen=True)
class _Page:
    """Replaced as a whole, so that whoever reads sees every call once."""

    attempts: tuple[Attempt, ...] = ()
    waited: float = 0.0
    call: _Call | None = None


class Ledger:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._page = _Page()
        self._lock = threading.Lock()
        self._closed = False

    def close(self) -> None:
        """Whatever goes on, no further request goes out: what is accounted for now is all."""
        with self._lock:
            self._closed = True

    def begin(self, model: str) -> None:
        page = self._page
        call = _Call(model, self._clock.monotonic())
        self._page = _Page(page.attempts, page.waited, call)

    def sent(self) -> None:
        """The request goes out now. Raises CancelledError when it may not any more."""
        with self._lock:
            if self._closed:
                raise asyncio.CancelledError
            if self._page.call is not None:
                self._page.call.sent = True

    def receive(self, size: int) -> None:
        """Something of a stream came; with it, so many bytes of the story's text so far."""
        if self._page.call is not None:
            self._page.call.received = size
            self._page.call.streams = True

    def end(self, usage: Usage | None, ended: Failure | None, answered_by: str | None) -> float:
        """How the call under way ended; how many seconds it took."""
        page, now = self._page, self._clock.monotonic()
        if page.call is None:
            return 0.0
        call, seconds = page.call, now - page.call.since
        attempts = page.attempts
        if call.sent:
            own = Attempt(call.model, seconds, usage, call.received, ended, answered_by)
            attempts = (*attempts, own)
        self._page = _Page(attempts, page.waited + seconds)
        return seconds

    def attempts(self, ended: Failure | None) -> tuple[Attempt, ...]:
        """Every call that was sent; `ended` is how the one under way came to its end, if any is."""
        page = self._page
        call = page.call
        if call is None or not call.sent:
            return page.attempts
        seconds = self._clock.monotonic() - call.since
        return (*page.attempts, Attempt(call.model, seconds, None, call.received, ended))

    @property
    def streams(self) -> bool:
        """Whether the call under way has brought anything of a stream, be it no text yet."""
        call = self._page.call
        return call is not None and call.streams

    @property
    def waited(self) -> float:
        """Seconds that were spent on calls: on connecting too."""
        page = self._page
        return page.waited + (self._clock.monotonic() - page.call.since if page.call else 0.0)
