"""What is known of a request so far, and how it is counted, once, however it ends.

A replay (the same key again) isn't counted: no version ran.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from functions import log
from functions.documents import Scope
from functions.errors import Internal, PalierError
from functions.metrics.observation import Observation
from functions.stories import counting
from functions.stories.counting import Writing
from functions.stories.model import failure
from functions.stories.model.failure import Cause
from functions.stories.studio import Studio
from functions.stories.versions import SERVICE

NO_VERSION = "none"
"""Counted under this name: requests that ended before a version was chosen."""

CANCELLED = "CANCELLED"
"""The code of a request whose client went away."""

PATIENCE_SECONDS = 10.0
"""Who leaves a stream after so long without a word of it has not changed their mind: it failed."""


class Account:
    """`arm` is the name that the request is counted under, `cause` whose fault its failure is where
    the error does not tell, `writing` what was done for it."""

    def __init__(self, studio: Studio, scope: Scope) -> None:
        self.arm = NO_VERSION
        self.user = ""
        self.memory = 0.0
        self.cause: Cause | None = None
        self.writing: Writing | None = None
        self.generation: int | None = None
        self._studio = studio
        self._scope = scope
        self._started = studio.clock.monotonic()
        self._visit = studio.process.enter()

    @property
    def elapsed(self) -> float:
        """Seconds since the request came."""
        return self._studio.clock.monotonic() - self._started

    @property
    def remaining(self) -> float:
        """Seconds left for asking others: the model, and moderation after it."""
        budget = self._studio.budget
        return max(0.0, budget.total - budget.reserve - self.elapsed)

    @property
    def _kept_waiting(self) -> bool:
        """Whether a client that leaves has waited in vain: for the model, which said nothing."""
        told = self.writing is None or self.writing.first_piece_ms is not None
        return not told and self.elapsed >= PATIENCE_SECONDS

    def left(self) -> None:
        """The instance carries one request less. Of one that is counted, `count` says so."""
        self._visit.end()

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Counts the request when it goes wrong, and names its version in the error."""
        try:
            yield
        except PalierError as error:
            self.count(error.code, self.cause or failure.cause_of(error))
            if self.arm != NO_VERSION:
                error.extra["version"] = self.arm
            raise
        except GeneratorExit:
            self.count(CANCELLED, Cause.UPSTREAM if self._kept_waiting else Cause.CLIENT)
            raise
        except Exception as error:
            log.exception("story crashed", error, version=self.arm)
            self.count(Internal.code, Cause.INTERNAL)
            raise Internal("The story could not be made.") from None

    def count(self, code: str, cause: Cause) -> None:
        """Counts the request. Without a snapshot there is no generation to count it for."""
        tell = log.info if cause in (Cause.NONE, Cause.CLIENT) else log.warning
        tell(
            "story request ended",
            service=SERVICE,
            version=self.arm,
            code=code,
            cause=cause.value,
            attempts=self.writing.attempts if self.writing else 0,
            duration_ms=round(self.elapsed * 1_000),
        )
        load = self._visit.load()
        self.left()
        if self.generation is None:
            return
        seen = Observation(
            service=SERVICE,
            version=self.arm,
            generation=self.generation,
            at=self._studio.clock.now(),
            duration_ms=self.elapsed * 1_000,
            code=code,
            cause=cause.value,
            user_hash=self.user,
            memory=max(self.memory, load.memory),
            memory_bytes=load.memory_bytes,
            memory_limit_bytes=load.memory_limit_bytes,
            cpu=load.cpu,
            concurrency=load.concurrency,
        )
        self._studio.recorder.record(self._scope, *counting.observations(seen, self.writing))
