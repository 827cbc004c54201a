"""Clients of `POST /v1/stories`: each asks for one story after the other on one connection, some as
a stream. What each answer took is told by the mark that its wish carries."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.load import SEPARATOR, request_bytes
from local.ports import HOST
from tests.tokens import id_token

PATH = "/v1/stories"
EVENT_STREAM = "text/event-stream"
LONGEST_SECONDS = 60.0
AGE_BANDS = ("6-8", "adult")
"""Half of the stories are for children, whose text is moderated before it is shown."""

ONE_STREAMS_IN = 4
CREATED = 201


@dataclass(frozen=True)
class Answered:
    """One request, by the machine's monotonic clock. `first` is when a piece came first."""

    mark: str
    began: float
    ended: float
    status: int
    streamed: bool = False
    first: float | None = None
    problem: str = ""

    @property
    def good(self) -> bool:
        return not self.problem


@dataclass(frozen=True)
class Crowd:
    """`size` clients, each a user of its own, at the server on `port`."""

    port: int
    project: str
    size: int

    async def ask(self, seconds: float, marks: Iterator[int], ramp: float) -> list[Answered]:
        """All that was answered to requests sent within `seconds`. They begin over `ramp` s."""
        until = time.monotonic() + seconds
        clients = [
            self._client(number, marks, ramp * number / self.size, until)
            for number in range(self.size)
        ]
        return list(itertools.chain.from_iterable(await asyncio.gather(*clients)))

    async def _client(
        self, number: int, marks: Iterator[int], pause: float, until: float
    ) -> list[Answered]:
        await asyncio.sleep(pause)
        streams = number % ONE_STREAMS_IN == 0
        token = id_token(f"user-{number}", self.project)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        if streams:
            headers["Accept"] = EVENT_STREAM
        answered = []
        connection: Connection | None = None
        while time.monotonic() < until:
            mark = f"mark-{next(marks):06}"
            wish = {
                "theme": "the sea",
                "hero": mark,
                "age_band": AGE_BANDS[number // ONE_STREAMS_IN % 2],
            }
            request = request_bytes(HOST, PATH, json.dumps(wish).encode(), headers)
            began = time.monotonic()
            connection = connection or await connect(self.port)
            async with asyncio.timeout(LONGEST_SECONDS):
                status, first, body = await connection.exchange(request)
            ended = time.monotonic()
            problem = _problem(status, streams, body)
            answered.append(Answered(mark, began, ended, status, streams, first, problem))
            if connection.closing:
                connection.close()
                connection = None
        if connection is not None:
            connection.close()
        return answered


def _problem(status: int, streamed: bool, body: bytes) -> str:
    """What is wrong with an answer, "" when it is a story."""
    if streamed:
        found = status == 200 and b"event: story" in body
    else:
        found = status == CREATED and b'"stored":true' in body.replace(b" ", b"")
    return "" if found else repr(body[-300:])


class Connection:
    """HTTP/1.1 on one socket, kept open."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.closing = False

    async def exchange(self, request: bytes) -> tuple[int, float | None, bytes]:
        """The status, when the first event came (of a stream), and the body."""
        self._writer.write(request)
        head = (await self._reader.readuntil(SEPARATOR)).lower()
        self.closing = b"connection: close" in head
        status = int(head.split(b" ", 2)[1])
        if b"transfer-encoding: chunked" in head:
            return status, *await self._chunks()
        length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
        return status, None, await self._reader.readexactly(int(length))

    async def _chunks(self) -> tuple[float | None, bytes]:
        body = bytearray()
        first: float | None = None
        while True:
            size = int((await self._reader.readuntil(b"\r\n")).strip(), 16)
            body += (await self._reader.readexactly(size + 2))[:-2]
            if first is None and b"event: " in body:
                first = time.monotonic()
            if not size:
                return first, bytes(body)

    def close(self) -> None:
        self._writer.close()


async def connect(port: int) -> Connection:
    return Connection(*await asyncio.open_connection(HOST, port))
