"""A receiver of messages that misbehaves on purpose, over real sockets: HTTP and SMTP.

Each request takes the next behaviour of the script, the last one for ever after.

    with Receiver([status(500), taken()]) as server:
        Transport(local=True).post(Post(server.address, {}, b"{}"))
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

Behaviour = Callable[["Exchange"], None]


@dataclass
class Received:
    """A request that came in whole."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Exchange:
    connection: socket.socket
    stopping: threading.Event

    def answer(self, status: int, body: str = "ok", headers: dict[str, str] | None = None) -> None:
        lines = [f"HTTP/1.1 {status} x", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self.connection.sendall(("\r\n".join(lines) + "\r\n\r\n" + body).encode())


def taken(status: int = 202) -> Behaviour:
    return lambda exchange: exchange.answer(status)


def status(number: int, body: str = "no", **headers: str) -> Behaviour:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda exchange: exchange.answer(number, body, named)


def drop(_: Exchange) -> None:
    """It has it, and never says so."""


def hang(exchange: Exchange) -> None:
    exchange.stopping.wait(20)


def drip(exchange: Exchange) -> None:
    """A byte now and then, for ever: every read by itself is quick."""
    for letter in "HTTP/1.1 200 x\r\n" + "x" * 10_000:
        if exchange.stopping.is_set():
            return
        try:
            exchange.connection.sendall(letter.encode())
        except OSError:
            return
        time.sleep(0.05)


@dataclass
class Receiver:
    script: Sequence[Behaviour]
    received: list[Received] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/in"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._listening.close()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            request = _read(connection)
            if request is None:
                return
            with self._lock:
                behaviour = self.script[min(len(self.received), len(self.script) - 1)]
                self.received.append(request)
                self.times.append(time.monotonic())
            behaviour(Exchange(connection, self._stopping))


def _read(connection: socket.socket) -> Received | None:
    with connection.makefile("rb") as stream:
        first = stream.readline().decode()
        if not first:
            return None
        headers = {}
        while (line := stream.readline().decode().strip()) != "":
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", "0")))
    return Received(first.split(" ")[1], headers, body)


@dataclass
class MailReceiver(Receiver):
    """Speaks as much SMTP as it takes. `codes` are its answers to the end of a mail's data, the
    last one for ever after; 0 drops the connection, having taken it. `refused` are recipients.
    With `tls` it takes mail over STARTTLS only, after a login."""

    codes: Sequence[int] = (250,)
    refused: Sequence[str] = ()
    mails: list[tuple[list[str], bytes]] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    tls: ssl.SSLContext | None = None

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                if self._talk(connection, greeted=False) and self.tls:
                    with self.tls.wrap_socket(connection, server_side=True) as secure:
                        self._talk(secure, greeted=True)
            except OSError:
                return

    def _talk(self, connection: socket.socket, greeted: bool) -> bool:
        """Whether the client wants TLS now."""
        with connection.makefile("rwb", buffering=0) as stream:

            def say(line: str) -> None:
                stream.write(line.encode() + b"\r\n")

            if not greeted:
                say("220 hello")
            to: list[str] = []
            while line := stream.readline().decode().strip():
                verb = line[:4].upper()
                if verb == "EHLO":
                    say("250-here")
                    say("250 AUTH PLAIN" if greeted or not self.tls else "250 STARTTLS")
                elif verb == "STAR" and self.tls:
                    say("220 go on")
                    return True
                elif verb == "AUTH":
                    self.logins.append(line)
                    say("235 ok")
                elif self.tls and not greeted:
                    say("530 STARTTLS first")
                elif verb == "RCPT":
                    address = line.partition("<")[2].rstrip(">")
                    if address in self.refused:
                        say("550 nobody")
                        continue
                    to.append(address)
                    say("250 ok")
                elif verb == "DATA":
                    say("354 go on")
                    code = self._take(to, stream)
                    if code == 0:
                        return False
                    say(f"{code} so be it")
                elif verb == "QUIT":
                    say("221 bye")
                    return False
                else:
                    say("250 ok")
        return False

    def _take(self, to: list[str], stream: Any) -> int:
        lines = []
        while (data := stream.readline()) != b".\r\n":
            lines.append(data)
        with self._lock:
            code = self.codes[min(len(self.mails), len(self.codes) - 1)]
            self.mails.append((to, b"".join(lines)))
        return code
