"""OpenAI's API with a deadline that holds. The only file that imports openai.

Importing the library costs half a second of CPU, so it happens in `warm`, beside a process's first
request, or at first use, never at import. Its own retries are off: it would repeat what can't
succeed and wait longer than anybody asked. One client serves the whole process; it lives on one
loop.
"""

from __future__ import annotations

import asyncio
import functools
import os
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from functions.clock import Clock
from functions.stories.handlers import Handler, ModelCall
from functions.stories.model import answer, breaker, failure, moderations, parameters
from functions.stories.model.answer import Read
from functions.stories.model.background import BackgroundLoop
from functions.stories.model.caller import Caller
from functions.stories.model.calling import Moderations, Outcome
from functions.stories.model.events import EventStream
from functions.stories.model.failure import Failure
from functions.stories.model.generation import Running
from functions.stories.model.retries import USUAL, RetryBudget

if TYPE_CHECKING:
    import openai

T = TypeVar("T")

ADDRESS = "https://api.openai.com/v1"
MODERATION_MODEL = "omni-moderation-latest"
CONNECT_SECONDS = 5.0
TYPICAL_SECONDS = 6.0
"""Taken for the median of a model's answers until some have been seen."""

MAXIMUM_BODY_BYTES = 1_000_000
QUOTE = '"'
REST_SECONDS = 0.1
"""What a stream gets to close after its last event."""

_sent: ContextVar[Callable[[], None] | None] = ContextVar("sent", default=None)
"""Whom to tell that a request goes out, in the task that sends it."""


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
        self._loop = BackgroundLoop("openai")
        self._lock = threading.Lock()
        self._shared: tuple[int, openai.AsyncOpenAI] | None = None
        self._caller = Caller(clock, typical_seconds, rule, retries)

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
        self, client: openai.AsyncOpenAI, call: ModelCall, handler: Handler, running: Running
    ) -> None:
        _sent.set(running.ledger.sent)
        ask = functools.partial(_send, client, call, handler, running)
        try:
            async with asyncio.timeout(running.remaining()):
                outcome = await self._caller.write(ask, call, handler, running)
        except TimeoutError:
            outcome = running.outcome(running.timed_out(running.late()))
        except asyncio.CancelledError:
            running.finish(running.outcome(failure.cancelled()))
            raise
        except Exception as error:  # ours: the thread of the request raises it
            running.finish(error)
            return
        running.finish(outcome)


def _make_client(key: str, address: str) -> openai.AsyncOpenAI:
    """A redirect is not followed: it would take the request and its key where nobody sent them."""
    import openai

    from functions.stories.model.transport import AiohttpTransport

    return openai.AsyncOpenAI(
        api_key=key,
        base_url=address,
        max_retries=0,
        timeout=openai.Timeout(None, connect=CONNECT_SECONDS),
        http_client=openai.DefaultAsyncHttpxClient(
            base_url=address,
            follow_redirects=False,
            transport=AiohttpTransport(CONNECT_SECONDS, _tell_sent),
            trust_env=False,  # a proxy of the environment would have a transport of its own
        ),
    )


def _tell_sent() -> None:
    sent = _sent.get()
    if sent is not None:
        sent()


async def _send(
    client: openai.AsyncOpenAI, call: ModelCall, handler: Handler, running: Running, model: str
) -> Read:
    """One call. The body is read here, with a limit, because the library believes any HTTP 200.

    What it sends is handed over ready made, as below: what is handed over by name, the library
    takes apart by its types, for half the CPU of a call.
    """
    body = parameters.of_call(call, model, stream=running.stream)
    request = client.responses.with_streaming_response.create(model=model, extra_body=body)

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
    body = {"model": MODERATION_MODEL, "input": list(texts)}
    request = client.moderations.with_streaming_response.create(input="", extra_body=body)

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
            retry_after=parameters.retry_after(error.response.headers),
            request_id=parameters.request_id(error.response.headers),
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
    request_id = parameters.request_id(response.headers)
    body = bytearray()
    async for chunk in response.iter_bytes():
        body += chunk
        if len(body) > MAXIMUM_BODY_BYTES:
            return failure.broken("OpenAI's answer is too large.", request_id)
    return bytes(body), request_id


async def _read_events(response: Any, handler: Handler, running: Running) -> Read:
    """Hands out what is complete as it comes. A stream that is over is read to its very end all the
    same, so that its connection can be used again, but nobody waits for that."""
    stream = EventStream(parameters.request_id(response.headers))
    try:
        async with asyncio.timeout(None) as limit:
            async for chunk in response.iter_bytes():
                added = stream.feed(chunk)
                running.ledger.receive(stream.received)
                if QUOTE in added:  # a piece ends with one
                    running.tell(handler.pieces(stream.text))
                if stream.ended and limit.when() is None:
                    limit.reschedule(asyncio.get_running_loop().time() + REST_SECONDS)
    except TimeoutError:
        return stream.end()
    return stream.end()


def _is_transport_error(error: Exception) -> bool:
    """Reading a body raises the transport's errors, which the library doesn't wrap there."""
    import httpx2  # comes with openai

    return isinstance(error, httpx2.TransportError | httpx2.DecodingError | httpx2.StreamError)
