"""The clients of the load read answers whole, streamed or not, and know a story from a failure."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from benchmarks.load import SEPARATOR
from benchmarks.story_clients import Answered, Crowd

WHOLE = b'{"stored": true, "story": {}}'
TITLE = b'event: title\ndata: {"text": "A"}\n\n'
STORY = b"event: story\ndata: " + WHOLE + b"\n\n"
Told = Callable[[bool, asyncio.StreamWriter], Awaitable[None]]


def whole(body: bytes, status: int = 201, close: bool = False) -> Told:
    async def tell(_streams: bool, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{head}Connection: {'close' if close else 'keep-alive'}\r\n\r\n".encode())
        writer.write(body)

    return tell


def streamed(*events: bytes, pause: float = 0.0) -> Told:
    async def tell(_streams: bool, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for event in (b":\n\n", *events):
            writer.write(b"%x\r\n%b\r\n" % (len(event), event))
            await asyncio.sleep(pause)
        writer.write(b"0\r\n\r\n")

    return tell


def as_asked(plain: Told, stream: Told) -> Told:
    async def tell(streams: bool, writer: asyncio.StreamWriter) -> None:
        await (stream if streams else plain)(streams, writer)

    return tell


def crowd(tell: Told, size: int = 8, seconds: float = 0.3) -> tuple[list[Answered], list[Any], int]:
    """What clients of a server that answers so came to; what they sent, on how many connections."""
    sent: list[Any] = []
    connections = itertools.count()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        next(connections)
        try:
            while head := await reader.readuntil(SEPARATOR):
                length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
                sent.append(json.loads(await reader.readexactly(length)))
                await tell(b"Accept: text/event-stream" in head, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def run() -> list[Answered]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            answered = await Crowd(port, "demo-tests", size).ask(seconds, itertools.count(), 0.0)
            await asyncio.sleep(0.02)  # the server sees that they have gone
            return answered

    return asyncio.run(run()), sent, next(connections)


def test_a_quarter_streams_and_each_keeps_its_connection() -> None:
    tell = as_asked(whole(WHOLE), streamed(TITLE, STORY, pause=0.005))
    answered, sent, connections = crowd(tell)
    assert all(each.good for each in answered)
    assert {each.streamed for each in answered} == {True, False}
    assert connections == 8
    assert len(answered) == len(sent) > 16
    assert sorted(each.mark for each in answered) == sorted(wish["hero"] for wish in sent)
    assert {wish["age_band"] for wish in sent} == {"6-8", "adult"}
    for each in answered:
        assert (each.first is not None) == each.streamed
        assert each.began <= (each.first or each.began) <= each.ended


def test_a_connection_that_the_server_closes_is_made_anew() -> None:
    answered, _, connections = crowd(whole(WHOLE, close=True), size=2, seconds=0.1)
    assert len(answered) == connections > 2
    assert all(each.good != each.streamed for each in answered)  # who streams got no stream


@pytest.mark.parametrize(
    "tell",
    [
        pytest.param(whole(b'{"code": "RATE_LIMITED"}', 429), id="refused"),
        pytest.param(whole(b'{"stored": false}'), id="not stored"),
        pytest.param(as_asked(whole(b"{}", 503), streamed(TITLE)), id="cut off"),
        pytest.param(
            as_asked(whole(b"{}", 503), streamed(TITLE, b"event: error\ndata: {}\n\n")), id="error"
        ),
    ],
)
def test_what_is_no_story(tell: Told) -> None:
    answered, _, _ = crowd(tell, seconds=0.05)
    assert answered
    assert not any(each.good for each in answered)
