"""A load generator: some connections, one thread, one prepared request sent over and over."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass, field

CONNECTIONS = 16
SEPARATOR = b"\r\n\r\n"


@dataclass
class Connection:
    """One keep-alive connection and the answer that it is waiting for."""

    socket: socket.socket
    buffer: bytearray = field(default_factory=bytearray)
    size: int = 0


def request_bytes(host: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + SEPARATOR + body


def throughput(port: int, request: bytes, seconds: float, status: int = 200) -> float:
    """Answers a second from a local server. Raises RuntimeError on another status."""
    expected = f"HTTP/1.1 {status} ".encode()
    answers = 0
    with ExitStack() as opened_ones:
        selector = opened_ones.enter_context(selectors.DefaultSelector())
        for _ in range(CONNECTIONS):
            opened = socket.create_connection(("127.0.0.1", port), timeout=10)
            opened_ones.enter_context(opened)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(opened, selectors.EVENT_READ, Connection(opened))
            opened.sendall(request)
        started = time.perf_counter()
        until = started + seconds
        while time.perf_counter() < until:
            for key, _ in selector.select(timeout=1):
                if _received(key.data, expected):
                    answers += 1
                    key.data.socket.sendall(request)
        elapsed = time.perf_counter() - started
    return answers / elapsed


def one_by_one(port: int, request: bytes, seconds: float, status: int = 200) -> float:
    """Answers a second, each on a connection of its own, one after the other."""
    expected = f"HTTP/1.1 {status} ".encode()
    answers = 0
    started = time.perf_counter()
    while time.perf_counter() < started + seconds:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as opened:
            with contextlib.suppress(ConnectionError):  # it may answer before all is sent
                opened.sendall(request)
            with contextlib.suppress(ConnectionError):
                if not opened.recv(65_536).startswith(expected):
                    raise RuntimeError(f"The server did not answer with {status}.")
        answers += 1
    return answers / (time.perf_counter() - started)


def _received(connection: Connection, expected: bytes) -> bool:
    """Whether a whole answer has come."""
    data = connection.socket.recv(262_144)
    if not data:
        raise RuntimeError("The server closed a connection.")
    buffer = connection.buffer
    buffer += data
    if not connection.size:
        head = buffer.find(SEPARATOR)
        if head < 0:
            return False
        if not buffer.startswith(expected):
            raise RuntimeError(f"The server answered {bytes(buffer[:300])!r}.")
        connection.size = head + len(SEPARATOR) + _content_length(bytes(buffer[:head]))
    if len(buffer) < connection.size:
        return False
    buffer.clear()
    connection.size = 0
    return True


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise RuntimeError("The server did not say how long its answer is.")


def cores() -> tuple[set[int], set[int]] | None:
    """One core for the server and the others for the load, where the system can pin processes."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    available = sorted(os.sched_getaffinity(0))
    return ({available[0]}, set(available[1:])) if len(available) > 1 else None
