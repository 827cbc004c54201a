"""The load generator counts whole answers, and refuses wrong ones."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.load import one_by_one, request_bytes, throughput


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b"x" * 100_000
        self.send_response(200 if self.path == "/right" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keeps the tests' output clean."""


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """The generator hangs up in the middle of an answer when its time is over."""


@pytest.fixture
def port() -> Iterator[int]:
    with Server(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_answers_are_counted(port: int) -> None:
    request = request_bytes("localhost", "/right", b"{}", {"X-Test": "1"})
    assert throughput(port, request, 0.2) > 10


def test_a_wrong_answer_is_no_answer(port: int) -> None:
    with pytest.raises(RuntimeError, match="404"):
        throughput(port, request_bytes("localhost", "/wrong", b"", {}), 0.2)


def test_one_by_one(port: int) -> None:
    assert one_by_one(port, request_bytes("localhost", "/right", b"{}", {}), 0.1) > 10
    refused = request_bytes("localhost", "/wrong", b"", {})
    assert one_by_one(port, refused, 0.1, 404) > 10
    with pytest.raises(RuntimeError, match="200"):
        one_by_one(port, refused, 0.1)
