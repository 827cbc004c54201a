"""An OpenAI server that misbehaves on purpose, over real sockets.

Each generation takes the next behaviour of the script, the last one for ever after. A behaviour is
a function of the exchange: it writes what it likes to the socket, at the pace it likes. The
moderation endpoint has a behaviour of its own, and objects to FLAGGED.

    with HostileOpenAI([status(500), story()]) as server:
        OpenAIModel(lambda: "key", SystemClock(), address=server.address)
"""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

FLAGGED = "THE-FLAGGED-WORD"
"""What moderation objects to."""

DRAFT = {
    "title": "The Lantern at the End of the Pier",
    "paragraphs": ["Mina held the lantern high.", "The sea answered, and she laughed."],
}


@dataclass
class Exchange:
    """One request: its parsed body, and the socket to answer on."""

    body: dict[str, Any]
    headers: dict[str, str]
    connection: socket.socket
    stopping: threading.Event
    keep_alive: bool = False

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def pause(self, seconds: float) -> bool:
        """Waits; False when the client has gone or the server stops."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.stopping.is_set() or self._gone(min(left, 0.05)):
                return False
        return True

    def _gone(self, seconds: float) -> bool:
        readable, _, _ = select.select([self.connection], [], [], seconds)
        if not readable:
            return False
        try:
            return self.connection.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True


Behaviour = Callable[[Exchange], None]


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    """Of those who connect at once; the 80 requests of an instance do."""


@dataclass
class HostileOpenAI:
    """`requests` are the bodies of generations received, `moderations` those of moderations;
    `abandoned` counts those whose client went away."""

    script: Sequence[Behaviour]
    moderator: Behaviour | None = None
    moderations: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    abandoned: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def play(self, *script: Behaviour) -> None:
        """Starts over with another script."""
        with self._lock:
            self.script, self.moderator = script, None
            self.moderations.clear()
            self.requests.clear()
            self.headers.clear()
            self.abandoned = 0

    def moderate(self, behaviour: Behaviour) -> None:
        """How moderation behaves from now on."""
        self.moderator = behaviour

    def _next(self, path: str, body: dict[str, Any], headers: dict[str, str]) -> Behaviour:
        with self._lock:
            if path.endswith("/moderations"):
                self.moderations.append(body)
                return self.moderator or clean()
            behaviour = self.script[min(len(self.requests), len(self.script) - 1)]
            self.requests.append(body)
            self.headers.append(headers)
            return behaviour

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                data = self.rfile.read(length)
                if len(data) < length:  # given up before it was sent
                    self.close_connection = True
                    return
                body = json.loads(data)
                headers = {name.lower(): value for name, value in self.headers.items()}
                exchange = Exchange(body, headers, self.connection, server._stopping)
                try:
                    server._next(self.path, body, headers)(exchange)
                except OSError:
                    with server._lock:
                        server.abandoned += 1
                self.close_connection = not exchange.keep_alive

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
                """Tests are quiet."""

        return Handler


Headers = dict[str, str]
IDENTIFIED = {"x-request-id": "req_hostile"}


def reply(
    body: bytes | dict[str, Any],
    *,
    status: int = 200,
    kind: str = "application/json",
    headers: Headers | None = None,
) -> Behaviour:
    """A whole HTTP answer at once."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    def behave(exchange: Exchange) -> None:
        exchange.send(head(status, kind, len(data), headers) + data)
        exchange.keep_alive = True

    return behave


def story(draft: dict[str, Any] | None = None) -> Behaviour:
    """A completed response with a story."""

    def behave(exchange: Exchange) -> None:
        model = str(exchange.body.get("model"))
        reply(response(json.dumps(draft or DRAFT), model=model))(exchange)

    return behave


def clean() -> Behaviour:
    """Moderation that objects to FLAGGED and to nothing else."""

    def behave(exchange: Exchange) -> None:
        texts = exchange.body["input"]
        results = [moderated(FLAGGED in text) for text in texts]
        reply({"id": "modr_1", "model": "omni-moderation", "results": results})(exchange)

    return behave


def moderated(flagged: bool) -> dict[str, Any]:
    score = 0.97 if flagged else 0.001
    return {
        "flagged": flagged,
        "categories": {"violence": flagged, "sexual": False},
        "category_scores": {"violence": score, "sexual": 0.0004},
    }


def error(
    status: int, code: str | None = None, kind: str | None = None, retry_after: str | None = None
) -> Behaviour:
    """An error of the API. Its message quotes the input, as OpenAI's do."""

    def behave(exchange: Exchange) -> None:
        quoted = json.dumps(exchange.body.get("input"))
        body = {"error": {"message": f"Bad: {quoted}", "type": kind, "code": code, "param": None}}
        headers = {"retry-after": retry_after} if retry_after else None
        reply(body, status=status, headers=headers)(exchange)

    return behave


def hang(seconds: float = 60.0) -> Behaviour:
    """Accepts the request and says nothing."""

    def behave(exchange: Exchange) -> None:
        if not exchange.pause(seconds):
            raise BrokenPipeError
        story()(exchange)

    return behave


def late(seconds: float) -> Behaviour:
    """A good story, after a while."""
    return hang(seconds)


def drip(every: float, draft: dict[str, Any] | None = None) -> Behaviour:
    """A good story, whose body comes a byte at a time: a timeout per read never ends it."""

    def behave(exchange: Exchange) -> None:
        data = json.dumps(response(json.dumps(draft or DRAFT))).encode()
        exchange.send(head(200, "application/json", len(data), {"connection": "close"}))
        for index in range(len(data)):
            exchange.send(data[index : index + 1])
            if not exchange.pause(every):
                raise BrokenPipeError

    return behave


def drip_error(every: float, status: int = 500) -> Behaviour:
    """An error whose body never ends."""

    def behave(exchange: Exchange) -> None:
        exchange.send(head(status, "application/json", 100_000))
        while exchange.pause(every):
            exchange.send(b" ")
        raise BrokenPipeError

    return behave


def cut(sent: float = 0.5) -> Behaviour:
    """Closes the connection in the middle of the body."""

    def behave(exchange: Exchange) -> None:
        data = json.dumps(response(json.dumps(DRAFT))).encode()
        exchange.send(head(200, "application/json", len(data)) + data[: int(len(data) * sent)])

    return behave


def drop() -> Behaviour:
    """Closes the connection without a word."""
    return lambda exchange: None


def flood(megabytes: int) -> Behaviour:
    """A body far larger than any story."""

    def behave(exchange: Exchange) -> None:
        exchange.send(head(200, "application/json", megabytes * 1_000_000))
        for _ in range(megabytes):
            exchange.send(b" " * 1_000_000)

    return behave


def head(status: int, kind: str, length: int, headers: Headers | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {kind}", f"Content-Length: {length}"]
    lines += _lines({**IDENTIFIED, **(headers or {})})
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _lines(headers: Headers) -> list[str]:
    return [f"{name}: {value}" for name, value in headers.items()]


def response(text: str, *, model: str = "gpt-test", **changes: Any) -> dict[str, Any]:
    """A completed response object of the Responses API, with `changes` to it."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_800_000_000,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": model,
        "output": [message({"type": "output_text", "text": text, "annotations": []})],
        "usage": {"input_tokens": 100, "output_tokens": 200, "total_tokens": 300},
        **changes,
    }


def message(*content: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "message",
        "id": "msg_1",
        "status": "completed",
        "role": "assistant",
        "content": list(content),
    }


def refusal() -> Behaviour:
    content = message({"type": "refusal", "refusal": "I can't help with that."})
    return reply(response("", output=[content]))


def failed(code: str = "server_error") -> Behaviour:
    return reply(response("", status="failed", error={"code": code, "message": "no"}, output=[]))


def incomplete(reason: str = "max_output_tokens") -> Behaviour:
    return reply(
        response('{"title": "Half', status="incomplete", incomplete_details={"reason": reason})
    )


# Streams: each event is a chunk of its own, as a server sends them.

Event = dict[str, Any]
LETTERS = 12
"""Of the text in one delta."""


def streamed(draft: dict[str, Any] | None = None, *, pause: float = 0.0) -> Behaviour:
    """A good story, a few letters at a time."""
    text = json.dumps(draft or DRAFT)
    return stream([*deltas(text), completed(text)], pause=pause)


def streamed_cut(draft: dict[str, Any] | None = None, share: float = 0.7) -> Behaviour:
    """Ends in the middle without a word."""
    told = list(deltas(json.dumps(draft or DRAFT)))
    return stream(told[: int(len(told) * share)])


def streamed_without_end(draft: dict[str, Any] | None = None) -> Behaviour:
    """All of the text, and no `response.completed`."""
    return stream(list(deltas(json.dumps(draft or DRAFT))))


def streamed_error(draft: dict[str, Any] | None = None, code: str = "server_error") -> Behaviour:
    """An error event in the middle. Its message quotes the story, as OpenAI's may."""
    text = json.dumps(draft or DRAFT)
    told = list(deltas(text))
    event = {"type": "error", "code": code, "message": text, "param": None}
    return stream([*told[: len(told) // 2], event])


def streamed_failed(draft: dict[str, Any] | None = None, code: str = "server_error") -> Behaviour:
    told = list(deltas(json.dumps(draft or DRAFT)))
    end = response("", status="failed", error={"code": code, "message": "no"}, output=[])
    return stream([*told[: len(told) // 2], {"type": "response.failed", "response": end}])


def streamed_incomplete(
    draft: dict[str, Any] | None = None, reason: str = "max_output_tokens"
) -> Behaviour:
    text = json.dumps(draft or DRAFT)
    half = text[: len(text) // 2]
    end = response(half, status="incomplete", incomplete_details={"reason": reason})
    return stream([*deltas(half), {"type": "response.incomplete", "response": end}])


def streamed_refusal() -> Behaviour:
    words = ["I can't ", "help with that."]
    told = [{"type": "response.refusal.delta", "delta": word} for word in words]
    content = message({"type": "refusal", "refusal": "".join(words)})
    end = {"type": "response.completed", "response": response("", output=[content])}
    return stream([*told, end])


def streamed_lie() -> Behaviour:
    """What is told at the end is another story than the one that was streamed."""
    other = {"title": "Another", "paragraphs": ["Story."]}
    return stream([*deltas(json.dumps(DRAFT)), completed(json.dumps(other))])


def streamed_garbage(draft: dict[str, Any] | None = None) -> Behaviour:
    """An event that isn't JSON."""
    told = list(deltas(json.dumps(draft or DRAFT)))
    return stream(told[: len(told) // 2], end=b"data: {not json\n\n")


def stream(
    events: Sequence[Event],
    *,
    pause: float = 0.0,
    end: bytes = b"",
    headers: Headers | None = None,
) -> Behaviour:
    """Server-sent events, each after a pause; the connection closes behind them."""

    def behave(exchange: Exchange) -> None:
        lines = ["HTTP/1.1 200 OK", "Content-Type: text/event-stream; charset=utf-8"]
        lines += _lines({**IDENTIFIED, "Connection": "close", **(headers or {})})
        exchange.send(("\r\n".join(lines) + "\r\n\r\n").encode())
        for event in events:
            if pause and not exchange.pause(pause):
                raise BrokenPipeError
            exchange.send(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
        exchange.send(end)

    return behave


def deltas(text: str) -> Iterator[Event]:
    for start in range(0, len(text), LETTERS):
        yield {"type": "response.output_text.delta", "delta": text[start : start + LETTERS]}


def completed(text: str) -> Event:
    return {"type": "response.completed", "response": response(text)}
