"""A TCP proxy that can be cut: between a client and the Firestore emulator."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class Proxy:
    """Passes bytes on until `cut` is called; `before_answer` is called once the server answers."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self.down = False
        self.on_request: Callable[[bytes], None] | None = None
        self.on_answer: Callable[[bytes], None] | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self) -> None:
        """Ends every connection at once, and refuses new ones."""
        self.down = True
        with self._lock:
            for each in self._sockets:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            self._sockets.clear()

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.down:
                client.close()
                continue
            server = socket.create_connection(self._target)
            with self._lock:
                self._sockets += [client, server]
            for source, sink, asked in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pass, args=(source, sink, asked), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, asked: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                tell = self.on_request if asked else self.on_answer
                if tell:
                    tell(data)
                if self.down:
                    break
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.close()


@contextmanager
def proxy(target: str) -> Iterator[Proxy]:
    made = Proxy(target)
    try:
        yield made
    finally:
        made.close()
