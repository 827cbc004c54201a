from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from local import scheduler
from local.ports import free_port
from local.scheduler import Scheduler

MANIFEST = Path(__file__).parents[1] / "manifest.yaml"


class Function(BaseHTTPRequestHandler):
    """A scheduled function: remembers how it was called, and may take its time or fail."""

    calls: list[dict[str, str]]
    seconds = 0.0
    status = 200

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.calls.append(dict(self.headers))
        time.sleep(self.seconds)
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def function() -> Iterator[tuple[str, type[Function]]]:
    handler = type("Handler", (Function,), {"calls": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/tick-0", handler
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_run_looks_like_cloud_schedulers(function: tuple[str, type[Function]]) -> None:
    url, handler = function
    assert Scheduler("tick", url).run_now() == 200
    [headers] = handler.calls
    assert headers["X-Cloudscheduler-Jobname"] == "tick"
    assert headers["X-Cloudscheduler-Scheduletime"].endswith("Z")
    assert headers["Content-Type"] == "application/json"


def test_a_run_that_takes_longer_than_the_period_delays_no_other(
    function: tuple[str, type[Function]],
) -> None:
    url, handler = function
    handler.seconds = 0.5
    with scheduler.running("tick", url, period=0.2):
        time.sleep(0.9)
    assert len(handler.calls) >= 3


def test_failures_are_kept_with_their_cause(function: tuple[str, type[Function]]) -> None:
    url, handler = function
    handler.status = 500
    with scheduler.running("tick", url, period=0.1) as running:
        _until(lambda: running.failures)
    assert "HTTP 500" in running.failures[0]


def test_what_failed_is_delivered_again(
    function: tuple[str, type[Function]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "BACKOFF", 0.3)
    url, handler = function
    handler.status = 500
    job = Scheduler("tick", url)
    mended = threading.Timer(0.45, lambda: setattr(handler, "status", 200))
    mended.start()
    assert job.deliver()
    mended.join()
    assert len(handler.calls) == 3
    assert len(job.failures) == 2
    handler.status = 500
    monkeypatch.setattr(scheduler, "BACKOFF", 0.01)
    assert not job.deliver()
    assert len(handler.calls) == 3 + 1 + scheduler.RETRIES


def test_retries_are_those_of_the_deployed_tick() -> None:
    manifest = yaml.safe_load(MANIFEST.read_text())
    config = manifest["endpoints"]["tick"]["scheduleTrigger"]["retryConfig"]
    assert config["retryCount"] == scheduler.RETRIES
    assert config["minBackoffSeconds"] == config["maxBackoffSeconds"] == scheduler.BACKOFF


def test_nobody_there_is_a_failure_too() -> None:
    with scheduler.running("tick", f"http://127.0.0.1:{free_port()}/", period=0.1) as running:
        _until(lambda: running.failures)
    assert "refused" in running.failures[0]


def _until(condition: Callable[[], object]) -> None:
    until = time.monotonic() + 10
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
