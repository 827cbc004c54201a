"""OpenAI's Responses API with a deadline that holds. The only file that imports openai.

Importing the library costs half a second of CPU, so it happens at first use (or in `warm`, from a
function's start-up), never at import. Its own retries are off: it would repeat what can't succeed
and wait longer than anybody asked. One client serves the whole process; it lives on one loop.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import random
import statistics
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from functions.clock import Clock
from functions.stories import answer, failure
from functions.stories.answer import Answer
from functions.stories.background import BackgroundLoop
from functions.stories.calling import Completed, Outcome
from functions.stories.failure import Failure
from functions.stories.handlers import ModelCall
from functions.stories.story import Draft, NotAStory, Usage

if TYPE_CHECKING:
    import openai

ADDRESS = "https://api.openai.com/v1"
CONNECT_SECONDS = 5.0
TYPICAL_SECONDS = 6.0
"""Taken for the median of a model's answers until some have been seen."""

REMEMBERED_DURATIONS = 32
MAXIMUM_BODY_BYTES = 1_000_000
GRACE_SECONDS = 0.1
"""How much longer than its deadline the thread of a request waits for the loop to say so."""


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
    ) -> None:
        self._key = key
        self._clock = clock
        self._address = address or ADDRESS
        self._typical_seconds = typical_seconds
        self._durations: dict[str, deque[float]] = {}
        self._loop = BackgroundLoop("openai")
        self._lock = threading.Lock()
        self._shared: tuple[int, openai.AsyncOpenAI] | None = None

    def complete(self, call: ModelCall, read: Callable[[str], Draft], seconds: float) -> Outcome:
        started = self._clock.monotonic()
        client = self._client()
        if client is None:
            return Outcome(failure.no_key(), attempts=0, model_seconds=0.0)
        track = _Track(started, started + seconds)
        if track.remaining(self._clock) <= 0:
            return self._timed_out(track, late=0.0)
        future = self._loop.submit(self._within_deadline(client, call, read, track))
        try:
            return future.result(timeout=track.remaining(self._clock) + GRACE_SECONDS)
        except concurrent.futures.TimeoutError:
            future.cancel()  # the loop itself is stuck: this process is too busy
            return self._timed_out(track, late=float("inf"))

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
        read: Callable[[str], Draft],
        track: _Track,
    ) -> Outcome:
        try:
            async with asyncio.timeout(track.remaining(self._clock)):
                result = await self._with_retry(client, call, read, track)
        except TimeoutError:
            return self._timed_out(track, late=self._clock.monotonic() - track.deadline)
        return Outcome(result, track.attempts, track.waited(self._clock))

    async def _with_retry(
        self,
        client: openai.AsyncOpenAI,
        call: ModelCall,
        read: Callable[[str], Draft],
        track: _Track,
    ) -> Completed | Failure:
        while True:
            result = await self._once(client, call, read, track)
            if isinstance(result, Completed):
                return result
            pause = failure.pause_before_retry(
                result,
                attempts=track.attempts,
                remaining=track.remaining(self._clock),
                typical=self._typical(call.model),
                jitter=random.random(),
            )
            if pause is None:
                return result
            await asyncio.sleep(pause)

    async def _once(
        self,
        client: openai.AsyncOpenAI,
        call: ModelCall,
        read: Callable[[str], Draft],
        track: _Track,
    ) -> Completed | Failure:
        track.begin(self._clock)
        try:
            answered = await _send(client, call)
        finally:
            seconds = track.end(self._clock)
        if isinstance(answered, Failure):
            return answered
        self._durations.setdefault(call.model, deque(maxlen=REMEMBERED_DURATIONS)).append(seconds)
        track.bill(answered.usage)
        try:
            draft = read(answered.text)
        except NotAStory:
            return failure.broken("The model's answer isn't a story.", answered.request_id)
        return Completed(draft, answered.model or call.model, answered.response_id, track.usage)

    def _typical(self, model: str) -> float:
        """The median of this model's recent answers, in seconds."""
        seen = self._durations.get(model)
        return statistics.median(seen) if seen else self._typical_seconds

    def _timed_out(self, track: _Track, *, late: float) -> Outcome:
        waited = track.waited(self._clock)
        result = failure.timed_out(
            model_seconds=waited,
            total_seconds=track.deadline - track.started,
            late_seconds=late,
        )
        return Outcome(result, track.attempts, waited)


@dataclass
class _Track:
    """What has happened of one request so far. Written on the loop, read after it or at its end."""

    started: float
    deadline: float
    attempts: int = 0
    usage: Usage = field(default_factory=Usage)
    _ended: float = 0.0
    _since: float | None = None

    def begin(self, clock: Clock) -> None:
        self.attempts += 1
        self._since = clock.monotonic()

    def end(self, clock: Clock) -> float:
        seconds = self.waited(clock) - self._ended
        self._ended += seconds
        self._since = None
        return seconds

    def waited(self, clock: Clock) -> float:
        since = self._since
        return self._ended + (clock.monotonic() - since if since is not None else 0.0)

    def remaining(self, clock: Clock) -> float:
        return max(0.0, self.deadline - clock.monotonic())

    def bill(self, usage: Usage) -> None:
        self.usage = Usage(
            input_tokens=self.usage.input_tokens + usage.input_tokens,
            output_tokens=self.usage.output_tokens + usage.output_tokens,
        )


def _make_client(key: str, address: str) -> openai.AsyncOpenAI:
    import openai

    return openai.AsyncOpenAI(
        api_key=key,
        base_url=address,
        max_retries=0,
        timeout=openai.Timeout(None, connect=CONNECT_SECONDS),
    )


async def _send(client: openai.AsyncOpenAI, call: ModelCall) -> Answer | Failure:
    """One call. The body is read here, with a limit, because the library believes any HTTP 200."""
    import openai

    try:
        request = client.responses.with_streaming_response.create(**_parameters(call))
        async with request as response:
            request_id = response.headers.get("x-request-id")
            body = bytearray()
            async for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MAXIMUM_BODY_BYTES:
                    return failure.broken("OpenAI's answer is too large.", request_id)
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
    return answer.read_body(bytes(body), request_id)


def _is_transport_error(error: Exception) -> bool:
    """Reading a body raises the transport's errors, which the library doesn't wrap there."""
    import httpx2  # comes with openai

    return isinstance(error, httpx2.TransportError | httpx2.DecodingError | httpx2.StreamError)


def _parameters(call: ModelCall) -> dict[str, Any]:
    """The body of POST /v1/responses. What the user wrote is in `data` and nowhere else."""
    given = call.parameters
    optional = {
        "temperature": given.temperature,
        "top_p": given.top_p,
        "reasoning": {"effort": given.reasoning_effort} if given.reasoning_effort else None,
    }
    return {
        "model": call.model,
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
