"""Whom to ask for a story, and how often: at most one retry, then at most one call of the fallback,
both only before the first piece was handed out, and only where a typical call still fits.

    first call → retry? → fallback? → outcome
"""

from __future__ import annotations

import asyncio
import random
import statistics
from collections import deque
from collections.abc import Awaitable, Callable

from functions.clock import Clock
from functions.stories.handlers import Handler, ModelCall
from functions.stories.model import breaker, failure
from functions.stories.model.answer import Answer, Read
from functions.stories.model.calling import Completed, Outcome
from functions.stories.model.failure import Failure
from functions.stories.model.generation import Running
from functions.stories.model.retries import RetryBudget
from functions.stories.story import NotAStory

REMEMBERED_DURATIONS = 32

Ask = Callable[[str], Awaitable[Read]]
"""Sends one call to the model of that name."""


class Caller:
    """What an instance knows of its models: how long they take, which of them rest, how many
    retries are left. Only the thread of the loop uses it."""

    def __init__(
        self, clock: Clock, typical_seconds: float, rule: breaker.Rule, retries: RetryBudget
    ) -> None:
        self._clock = clock
        self._typical_seconds = typical_seconds
        self._rule = rule
        self._durations: dict[str, deque[float]] = {}
        self._breakers: dict[str, breaker.Breaker] = {}
        self._retries = retries

    async def write(self, ask: Ask, call: ModelCall, handler: Handler, running: Running) -> Outcome:
        result = await self._of_its_own(ask, call, handler, running)
        if isinstance(result, Failure) and self._falls_back(call, result, running):
            running.gave_up = result
            instead = await self._once(ask, call.fallback or "", handler, running)
            if instead is None:  # it rests as well: nobody stood in
                running.gave_up = None
            else:
                result = instead
        return running.outcome(result)

    async def _of_its_own(
        self, ask: Ask, call: ModelCall, handler: Handler, running: Running
    ) -> Completed | Failure:
        """What the version's own model came to, once asked again where that may help."""
        self._retries = self._retries.called()
        result = await self._once(ask, call.model, handler, running)
        if result is None:
            return failure.resting()
        if isinstance(result, Completed) or running.told:
            return result
        pause = failure.pause_before_retry(
            result,
            remaining=running.remaining(),
            typical=self._typical(call.model),
            jitter=random.random(),
        )
        left = self._retries.retried() if pause is not None else None
        if pause is None or left is None:
            return result
        self._retries = left
        await asyncio.sleep(pause)
        return await self._once(ask, call.model, handler, running) or result

    def _falls_back(self, call: ModelCall, result: Failure, running: Running) -> bool:
        """Whether the fallback may answer instead: only for trouble that it might not share."""
        if call.fallback in (None, call.model) or running.told or not result.retryable:
            return False
        return self._typical(call.fallback or "") <= running.remaining()

    async def _once(
        self, ask: Ask, model: str, handler: Handler, running: Running
    ) -> Completed | Failure | None:
        """What one call came to; None when the model rests, and was not asked."""
        known = self._breakers.get(model, breaker.CLOSED)
        ticket, self._breakers[model] = breaker.admit(known, self._clock.monotonic(), self._rule)
        if ticket is None:
            return None
        failed: bool | None = None
        silent = False
        running.ledger.begin(model)
        try:
            read = await ask(model)
            result = _completed(read.result, model, handler, running)
            ended = result if isinstance(result, Failure) else None
            answered_by = read.result.model if isinstance(read.result, Answer) else None
            seconds = running.ledger.end(read.usage, ended, answered_by)
            failed = ended is not None and ended.retryable
            if ended is None:
                self._remember(model, seconds)
        except asyncio.CancelledError:
            # At the deadline the model was awaited in vain. A client that left, a loop that was too
            # busy to notice the deadline, or a stream that had begun says nothing of it.
            in_time = 0 <= running.late() < failure.LATE_SECONDS
            failed = True if in_time and not running.ledger.streams else None
            silent = not running.stream
            raise
        finally:
            self._breakers[model] = breaker.ended(
                self._breakers[model],
                ticket,
                self._clock.monotonic(),
                failed,
                self._rule,
                silent=silent,
            )
        return result

    def _remember(self, model: str, seconds: float) -> None:
        self._durations.setdefault(model, deque(maxlen=REMEMBERED_DURATIONS)).append(seconds)

    def _typical(self, model: str) -> float:
        """The median of this model's recent answers, in seconds."""
        seen = self._durations.get(model)
        return statistics.median(seen) if seen else self._typical_seconds


def _completed(
    read: Answer | Failure, model: str, handler: Handler, running: Running
) -> Completed | Failure:
    """The draft in an answer, whose beginning has been told perhaps."""
    if isinstance(read, Failure):
        return read
    try:
        draft = handler.read(read.text)
    except NotAStory:
        return failure.no_story(read.request_id)
    if running.stream and not running.tell(handler.pieces(read.text)):
        if read.streamed != read.text:
            return failure.broken("OpenAI's answer isn't what it streamed.", read.request_id)
        return failure.no_story(read.request_id)  # it took back what it had begun with
    return Completed(draft, read.model or model, read.response_id)
