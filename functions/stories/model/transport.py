"""HTTP for OpenAI's client, over aiohttp: its parser is C, and a call takes half the CPU that the
client's own transport takes. One core serves 80 stories at once, each with several calls.

It keeps httpx2's ways and raises its errors. It has no deadline but for connecting: whoever waits
has one. It sends nothing twice, and nothing by way of a proxy.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import aiohttp
import httpx2

KEPT_SECONDS = 15.0
"""How long a connection waits for its next request. Servers keep theirs longer."""

LOOKS = 2
"""Turns of the loop before a request: what the network has told is heard, and is acted upon in the
next turn. A connection that the server has closed is then taken no more."""

ADDED_BY_AIOHTTP = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Headers that it would add by itself: OpenAI's client has said what it wants."""


class AiohttpTransport(httpx2.AsyncBaseTransport):
    """Lives on the loop that uses it first. `connect_seconds` is what a connection may take;
    `sent` is called in the step in which a request goes out, in the context of who sends it.

    Making one reads the machine's certificates: not on a loop, whose calls would all wait.
    """

    def __init__(self, connect_seconds: float, sent: Callable[[], None]) -> None:
        self._connect_seconds = connect_seconds
        self._sent = sent
        self._ssl = httpx2.create_ssl_context()
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self._session is None:
            self._session = self._open()
        body = await request.aread()
        for _ in range(LOOKS):
            await asyncio.sleep(0)
        with _errors_of_httpx2():
            response = await self._session.request(
                request.method,
                str(request.url),
                headers=request.headers,
                data=body,
                allow_redirects=False,
            )
        return httpx2.Response(
            response.status, headers=response.raw_headers, stream=_Body(response)
        )

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        trace = aiohttp.TraceConfig()
        trace.on_request_chunk_sent.append(self._tell)
        return aiohttp.ClientSession(
            # As many connections as there are requests: an instance has its concurrency.
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEPT_SECONDS, ssl=self._ssl),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=ADDED_BY_AIOHTTP,
            auto_decompress=False,  # httpx2 does it
            trace_configs=[trace],
        )

    async def _tell(
        self,
        _session: aiohttp.ClientSession,
        _context: SimpleNamespace,
        _chunk: aiohttp.TraceRequestChunkSentParams,
    ) -> None:
        self._sent()


class _Body(httpx2.AsyncByteStream):
    """Closing it before its end closes the connection; after it, the connection is free."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _errors_of_httpx2():
            async for chunk in self._response.content.iter_any():
                yield chunk

    async def aclose(self) -> None:
        self._response.release()


@contextmanager
def _errors_of_httpx2() -> Iterator[None]:
    """Without their text, which may quote what was sent."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx2.ConnectTimeout("No connection in time.") from error
    except aiohttp.ClientConnectorError as error:
        raise httpx2.ConnectError("No connection.") from error
    except (aiohttp.ClientError, OSError) as error:
        raise httpx2.ReadError("The answer was cut off, or is no HTTP.") from error
