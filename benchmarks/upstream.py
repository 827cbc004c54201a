"""A model that takes its time and little of the machine's: OpenAI's API as far as stories use it,
in a process of its own (`python -m benchmarks.upstream PORT SHORTEST LONGEST`, in seconds a story).

It notes from when to when it was at work for each story, so that what a client waited beyond that
is known exactly. A story is known by its mark: the benchmark puts one into each wish, and what is
told here carries it on, into every text that is moderated. `GET /report` tells all that was noted.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import sys
import time
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from local.ports import HOST, free_port
from local.processes import Processes, wait_for_text

MODERATION_SECONDS = 0.1
FIRST_TOKEN_SHARE = 0.1
"""Of a story's time, before anything of it is said."""

CHARACTERS_A_TOKEN = 4
MARK = re.compile(rb"mark-[0-9]{6}")
SEPARATOR = b"\r\n\r\n"
LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)
EVENT_STREAM = "text/event-stream"
PARAGRAPHS = (
    "{mark} held the lantern high and looked along the wet stones, because somebody had to go down "
    "to the water before the tide came back, and nobody else was awake at that hour.",
    "The boat of {mark} lay where it always lay. Its rope was gone; in its place was a ribbon as "
    "long as the pier, which pulled a little, as if the sea were holding the other end.",
    '"Who is there?" asked {mark}. The waves said nothing. Then a small voice under the planks '
    'answered: "I only wanted to see the light. There is none where I live."',
    "So {mark} sat on the last step with the small voice, the lantern between them, counting ships "
    "until the sky turned pale. It was the best hour of the whole week, and it was very cold.",
    "When the tide had come the ribbon went out with it. On the step {mark} found a shell, still "
    "wet, and inside the shell, if one held it to the ear, somebody was laughing.",
)


Range = tuple[float, float]


class Notes:
    """What the server has seen. Seconds are the machine's monotonic clock. Connections are counted
    from the first request to the API on: a look at the report is none."""

    def __init__(self) -> None:
        self.work: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        self.requests: Counter[str] = Counter()
        self.cancelled = 0
        self.connections = 0
        self.open = 0
        self.most_open = 0

    def opened(self) -> None:
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)

    def report(self) -> dict[str, Any]:
        return {
            "work": self.work,
            "requests": self.requests,
            "cancelled": self.cancelled,
            "connections": self.connections,
            "most_connections": self.most_open,
        }


class Exchange(asyncio.Protocol):
    """One connection. It answers one request after the other."""

    def __init__(self, notes: Notes, seconds: Range) -> None:
        self._notes = notes
        self._seconds = seconds
        self._buffer = bytearray()
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._counted = False

    def connection_lost(self, _error: Exception | None) -> None:
        self._notes.open -= self._counted
        if self._task is not None and not self._task.done():
            self._notes.cancelled += 1
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(SEPARATOR)
        if end < 0:
            return
        head = bytes(self._buffer[:end])
        found = LENGTH.search(head)
        size = end + len(SEPARATOR) + (int(found[1]) if found else 0)
        if len(self._buffer) < size:
            return
        body = bytes(self._buffer[end + len(SEPARATOR) : size])
        del self._buffer[:size]
        self._task = asyncio.create_task(self._answer(head.split(b" ", 2)[1].decode(), body))

    async def _answer(self, path: str, body: bytes) -> None:
        mark = _mark(body)
        began = time.monotonic()
        try:
            await self._write(path, mark, body)
        finally:
            if mark:
                self._notes.work[mark].append((began, time.monotonic()))

    async def _write(self, path: str, mark: str, body: bytes) -> None:
        if path == "/report":
            self._send(self._notes.report())
            return
        self._count(path)
        if path.endswith("/moderations"):
            await asyncio.sleep(MODERATION_SECONDS)
            self._send(moderated(json.loads(body)))
        elif path.endswith("/responses"):
            await self._tell(mark, json.loads(body))
        else:
            self._send({"error": {"message": "There is nothing here."}}, "404 Not Found")

    def _count(self, path: str) -> None:
        self._notes.requests[path] += 1
        if not self._counted:
            self._counted = True
            self._notes.opened()

    async def _tell(self, mark: str, asked: Mapping[str, Any]) -> None:
        seconds = seconds_of(mark, self._seconds)
        answer = response(mark, asked)
        if not asked.get("stream"):
            await asyncio.sleep(seconds)
            self._send(answer)
            return
        begin = time.monotonic()
        self._transport.write(_head("200 OK", EVENT_STREAM, b"Transfer-Encoding: chunked"))
        first, *tokens, last = _events(answer, told(mark, asked))
        self._transport.write(first)
        for number, token in enumerate(tokens, start=1):
            share = FIRST_TOKEN_SHARE + (1 - FIRST_TOKEN_SHARE) * number / len(tokens)
            await asyncio.sleep(begin + seconds * share - time.monotonic())
            self._transport.write(token)
        self._transport.write(last + b"0\r\n\r\n")

    def _send(self, content: Mapping[str, Any], status: str = "200 OK") -> None:
        data = json.dumps(content).encode()
        self._transport.write(
            _head(status, "application/json", b"Content-Length: %d" % len(data)) + data
        )


def seconds_of(mark: str, seconds: Range) -> float:
    """How long the model works at a story: always the same for the same mark."""
    return random.Random(mark).uniform(*seconds)


def told(mark: str, asked: Mapping[str, Any]) -> str:
    """The text of the story, in the schema that was asked for."""
    paragraphs = [paragraph.format(mark=mark) for paragraph in PARAGRAPHS]
    story: dict[str, Any] = {"title": f"The Ribbon of {mark}"}
    if "chapters" in asked["text"]["format"]["schema"]["properties"]:
        story["chapters"] = [{"title": None, "paragraphs": paragraphs}]
    else:
        story["paragraphs"] = paragraphs
    return json.dumps(story)


def _events(answer: Mapping[str, Any], text: str) -> list[bytes]:
    """A stream in chunks, made before it is told: its beginning, each token, its end."""
    tokens = [text[at : at + CHARACTERS_A_TOKEN] for at in range(0, len(text), CHARACTERS_A_TOKEN)]
    item = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    begun = {**answer, "status": "in_progress", "output": []}
    return [
        _event("response.created", response=begun),
        *(_event("response.output_text.delta", delta=token, **item) for token in tokens),
        _event("response.output_text.done", text=text, **item)
        + _event("response.completed", response=answer),
    ]


def _event(kind: str, **fields: Any) -> bytes:
    data = f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()
    return b"%x\r\n%b\r\n" % (len(data), data)


def response(mark: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A completed response of the Responses API."""
    text = told(mark, asked)
    content = {"type": "output_text", "text": text, "annotations": []}
    tokens = len(text) // CHARACTERS_A_TOKEN
    return {
        "id": f"resp_{mark}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": asked["model"],
        "output": [
            {
                "type": "message",
                "id": "msg_1",
                "status": "completed",
                "role": "assistant",
                "content": [content],
            }
        ],
        "usage": {"input_tokens": 500, "output_tokens": tokens, "total_tokens": 500 + tokens},
    }


def moderated(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Nothing is objectionable."""
    texts = asked["input"] if isinstance(asked["input"], list) else [asked["input"]]
    clean = {"flagged": False, "categories": {"violence": False}}
    return {
        "id": "modr_1",
        "model": asked.get("model", "omni-moderation-latest"),
        "results": [{**clean, "category_scores": {"violence": 0.001}} for _ in texts],
    }


def _mark(body: bytes) -> str:
    found = MARK.search(body)
    return found[0].decode() if found else ""


def _head(status: str, kind: str, framing: bytes) -> bytes:
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nx-request-id: req_1\r\n".encode()
        + framing
        + SEPARATOR
    )


@contextmanager
def running(seconds: Range, name: str = "bench-upstream") -> Iterator[str]:
    """Its address, without a path, for the length of a block."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.upstream", str(port), *map(str, seconds)]
    with Processes() as processes:
        wait_for_text("ready at", processes.start(name, command), seconds=30)
        yield f"http://{HOST}:{port}"


def report(address: str) -> dict[str, Any]:
    """What the server at an address has seen, as `Notes.report` tells it."""
    with urllib.request.urlopen(f"{address}/report", timeout=30) as answered:
        told: dict[str, Any] = json.load(answered)
        return told


async def serve(port: int, seconds: Range) -> None:
    loop = asyncio.get_running_loop()
    notes = Notes()
    server = await loop.create_server(lambda: Exchange(notes, seconds), HOST, port, backlog=256)
    print(f"ready at {port}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(int(sys.argv[1]), (float(sys.argv[2]), float(sys.argv[3]))))
