"""OpenAI's API with a deadline that holds. The only file that imports openai.

Importing the library costs half a second of CPU, so it happens at first use (or in `warm`, from a
function's start-up), never at import. Its own retries are off: it would repeat what can't succeed
and wait longer than anybody asked. One client serves the whole process; it lives on one loop.

    begin → (first call → retry?) → fallback? → outcome, all within the deadline
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from functions.clock import Clock
from functions.stories import answer, breaker, failure, moderations
from functions.stories.answer import Answer, Read
from functions.stories.background import BackgroundLoop
from functions.stories.calling import Completed, Moderations, Outcome
from functions.stories.events import EventStream
from functions.stories.failure import Failure
from functions.stories.generation import Running
from functions.stories.handlers import Handler, ModelCall
from functions.stories.retries import USUAL, RetryBudget
from functions.stories.story import NotAStory

if TYPE_CHECKING:
    import openai

T = TypeVar("T")

ADDRESS = "https://api.openai.com/v1"
MODERATION_MODEL = "omni-moderation-latest"
CONNECT_SECONDS = 5.0
TYPICAL_SECONDS = 6.0
"""Taken for the median of a model's answers until some have been seen."""

REMEMBERED_DURATIONS = 32
MAXIMUM_BODY_BYTES = 1_000_000
QUOTE = '"'


class OpenAIModel:
    """A calling.Model. Thread-safe; one for a process.

    `key` is asked once, at first use: an instance keeps its key until it ends. `address` is where
    the API is served ("" for OpenAI's own).
    """

    def __init__(
        self,
        key: Callable[[], str],
        clock: Clock,
        *,
        address: str = "",
        typical_seconds: float = TYPICAL_SECONDS,
        rule: breaker.Rule = breaker.RULE,
        retries: RetryBudget = USUAL,
    ) -> None:
        self._key = key
        self._clock = clock
        self._address = address or ADDRESS
        self._typical_seconds = typical_seconds
        self._rule = rule
        self._loop = BackgroundLoop("openai")
        self._lock = threading.Lock()
        self._shared: tuple[int, openai.AsyncOpenAI] | None = None
        # Only the loop's thread touches what follows.
        self._durations: dict[str, deque[float]] = {}
        self._breakers: dict[str, breaker.Breaker] = {}
        self._retries = retries

    def begin(self, call: ModelCall, handler: Handler, seconds: float, *, stream: bool) -> Running:
        running = Running(self._clock, seconds, stream=stream)
        client = self._client()
        if client is None:
            running.finish(Outcome(failure.no_key()))
        elif seconds <= 0:
            running.finish(Outcome(running.timed_out(late=0.0)))
        else:
            writing = self._within_deadline(client, call, handler, running)
            running.future = self._loop.submit(writing)
        return running

    def moderate(self, texts: Sequence[str], seconds: float) -> Future[Moderations]:
        client = self._client()
        if client is None:
            answered: Future[Moderations] = Future()
            answered.set_result(failure.no_key())
            return answered
        return self._loop.submit(_moderate(client, texts, seconds))

    def warm(self) -> None:
        """Imports the library and makes the client, so that the first user doesn't wait for it."""
        self._client()

    def close(self) -> None:
        """Ends the loop and its calls. For tests and local servers."""
        with self._lock:
            shared, self._shared = self._shared, None
        if shared is not None and shared[0] == os.getpid():
            self._loop.submit(shared[1].close()).result(timeout=5)
        self._loop.close()

    def _client(self) -> openai.AsyncOpenAI | None:
        """The process's client; None when there is no key to use."""
        with self._lock:
            if self._shared is None or self._shared[0] != os.getpid():
                key = self._key().strip()
                if not key or not key.isascii() or not key.isprintable():
                    return None
                self._shared = (os.getpid(), _make_client(key, self._address))
            return self._shared[1]

    async def _within_deadline(
        self,
        client: openai.AsyncOpenAI,
        call: ModelCall,
        handler: Handler,
        running: Running,
    ) -> None:
        try:
            async with asyncio.timeout(running.remaining()):
                outcome = await self._written(client, call, handler, running)
        except TimeoutError:
            late = self._clock.monotonic() - running.deadline
            outcome = running.outcome(running.timed_out(late))
        except asyncio.CancelledError:
            running.finish(running.outcome(failure.cancelled()))
            raise
        except Exception as error:  # ours: the thread of the request raises it
            running.finish(error)
            return
        running.finish(outcome)

    async def _written(
        self,
        client: openai.AsyncOpenAI,
        call: ModelCall,
        handler: Handler,
        running: Running,
    ) -> Outcome:
        result = await self._with_retry(client, call, handler, running)
        gave_up: Failure | None = None
        if isinstance(result, Failure) and self._falls_back(call, result, running):
            gave_up = result
            other = call.fallback or ""
            result = await self._once(client, call, other, handler, running)
        return Outcome(result, running.attempts, gave_up)

    async def _with_retry(
        self,
        client: openai.AsyncOpenAI,
        call: ModelCall,
        handler: Handler,
        running: Running,
    ) -> Completed | Failure:
        self._retries = self._retries.called()
        while True:
            before = len(running.attempts)
            result = await self._once(client, call, call.model, handler, running)
            sent = len(running.attempts) > before
            if isinstance(result, Completed) or running.told or not sent:
                return result
            pause = failure.pause_before_retry(
                result,
                attempts=len(running.attempts),
                remaining=running.remaining(),
                typical=self._typical(call.model),
                jitter=random.random(),
            )
            left = self._retries.retried() if pause is not None else None
            if pause is None or left is None:
                return result
            self._retries = left
            await asyncio.sleep(pause)

    def _falls_back(self, call: ModelCall, result: Failure, running: Running) -> bool:
        """Whether the fallback may answer instead: only for trouble that it might not share."""
        if call.fallback is None or running.told or not result.retryable:
            return False
        return self._typical(call.fallback) <= running.remaining()

    async def _once(
        self,
        client: openai.AsyncOpenAI,
        call: ModelCall,
        model: str,
        handler: Handler,
        running: Running,
    ) -> Completed | Failure:
        admitted, self._breakers[model] = breaker.admit(
            self._breakers.get(model, breaker.CLOSED), self._clock.monotonic(), self._rule
        )
        if not admitted:
            return failure.resting()
        failed: bool | None = None
        running.begin(model)
        try:
            read = await _send(client, call, model, handler, running)
            result = _completed(read.result, model, handler, running)
            ended = result if isinstance(result, Failure) else None
            told_model = read.result.model if isinstance(read.result, Answer) else None
            seconds = running.end(read.usage, ended, told_model)
            failed = ended is not None and ended.retryable
            if ended is None:
                self._remember(model, seconds)
        except asyncio.CancelledError:
            # At the deadline the model was awaited in vain; of a client that left it says nothing.
            failed = True if running.remaining() <= 0 else None
            raise
        else:
            return result
        finally:
            self._breakers[model] = breaker.ended(
                self._breakers[model], self._clock.monotonic(), failed, self._rule
            )

    def _remember(self, model: str, seconds: float) -> None:
        self._durations.setdefault(model, deque(maxlen=REMEMBERED_DURATIONS)).append(seconds)

    def _typical(self, model: str) -> float:
        """The median of this model's recent answers, in seconds."""
        seen = self._durations.get(model)
        return statistics.median(seen) if seen else self._typical_seconds


def _make_client(key: str, address: str) -> openai.AsyncOpenAI:
    import openai

    return openai.AsyncOpenAI(
        api_key=key,
        base_url=address,
        max_retries=0,
        timeout=openai.Timeout(None, connect=CONNECT_SECONDS),
    )


def _completed(
    read: Answer | Failure, model: str, handler: Handler, running: Running
) -> Completed | Failure:
    """The draft in an answer, whose beginning has been told perhaps."""
    if isinstance(read, Failure):
        return read
    try:
        draft = handler.read(read.text)
    except NotAStory:
        return failure.broken("The model's answer isn't a story.", read.request_id)
    if running.stream and not running.tell(handler.pieces(read.text)):
        return failure.broken("OpenAI's answer isn't what it streamed.", read.request_id)
    return Completed(draft, read.model or model, read.response_id)


async def _send(
    client: openai.AsyncOpenAI, call: ModelCall, model: str, handler: Handler, running: Running
) -> Read:
    """One call. The body is read here, with a limit, because the library believes any HTTP 200."""
    request = client.responses.with_streaming_response.create(
        **_parameters(call, model, stream=running.stream)
    )

    async def read(response: Any) -> Read:
        if running.stream and "event-stream" in response.headers.get("content-type", ""):
            return await _read_events(response, handler, running)
        body = await _body(response)
        return Read(body) if isinstance(body, Failure) else answer.read_body(*body)

    found = await _answered(request, read)
    return Read(found) if isinstance(found, Failure) else found


async def _moderate(
    client: openai.AsyncOpenAI, texts: Sequence[str], seconds: float
) -> Moderations:
    """One call, never repeated: a story waits for it."""
    request = client.moderations.with_streaming_response.create(
        model=MODERATION_MODEL, input=list(texts)
    )

    async def read(response: Any) -> Moderations:
        body = await _body(response)
        if isinstance(body, Failure):
            return body
        return moderations.read_body(body[0], len(texts), body[1])

    try:
        async with asyncio.timeout(seconds):
            return await _answered(request, read)
    except TimeoutError:
        return failure.broken("OpenAI's moderation did not answer in time.")


async def _answered(request: Any, read: Callable[[Any], Awaitable[T]]) -> T | Failure:
    """What is read of the answer to a request, or what went wrong, in our words."""
    import openai

    try:
        async with request as response:
            return await read(response)
    except openai.APIStatusError as error:
        return failure.of_status(
            error.status_code,
            code=error.code,
            kind=error.type,
            retry_after=_retry_after(error.response.headers),
            request_id=error.request_id,
        )
    except openai.APIError:
        return failure.broken("OpenAI could not be reached.")
    except openai.OpenAIError:
        return failure.broken("The call to OpenAI could not be made.")
    except Exception as error:
        if _is_transport_error(error):
            return failure.broken("OpenAI cut off its answer.")
        raise


async def _body(response: Any) -> tuple[bytes, str | None] | Failure:
    """The whole body, and the API's id of the request."""
    request_id = response.headers.get("x-request-id")
    body = bytearray()
    async for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MAXIMUM_BODY_BYTES:
            return failure.broken("OpenAI's answer is too large.", request_id)
    return bytes(body), request_id


async def _read_events(response: Any, handler: Handler, running: Running) -> Read:
    """Hands out what is complete as it comes."""
    stream = EventStream(response.headers.get("x-request-id"))
    async for chunk in response.iter_bytes():
        added = stream.feed(chunk)
        running.receive(stream.received)
        if QUOTE in added:  # a piece ends with one
            running.tell(handler.pieces(stream.text))
        if stream.ended:
            break
    return stream.end()


def _is_transport_error(error: Exception) -> bool:
    """Reading a body raises the transport's errors, which the library doesn't wrap there."""
    import httpx2  # comes with openai

    return isinstance(error, httpx2.TransportError | httpx2.DecodingError | httpx2.StreamError)


def _parameters(call: ModelCall, model: str, *, stream: bool) -> dict[str, Any]:
    """The body of POST /v1/responses. What the user wrote is in `data` and nowhere else."""
    given = call.parameters
    optional = {
        "temperature": given.temperature,
        "top_p": given.top_p,
        "stream": True if stream else None,
        "reasoning": {"effort": given.reasoning_effort} if given.reasoning_effort else None,
    }
    return {
        "model": model,
        "instructions": call.instructions,
        "input": [{"role": "user", "content": call.data}],
        "text": {
            "format": {
                "type": "json_schema",
                "name": call.schema_name,
                "schema": dict(call.schema),
                "strict": True,
            }
        },
        "max_output_tokens": given.max_output_tokens,
        "store": False,
        "safety_identifier": call.user,
        "prompt_cache_key": call.cache_key,
        **{name: value for name, value in optional.items() if value is not None},
    }


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the API asks to wait. A date instead of a number is not used by OpenAI."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        if seconds >= 0:
            return seconds
    return None
