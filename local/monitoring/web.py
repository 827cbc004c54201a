"""The page and the counts over HTTP, with the standard library."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.monitoring import page
from local.monitoring.memory import Memory


def points(memory: Memory) -> dict[str, Any]:
    """What arrived: counts for the demo, and each series with its number of points."""
    with memory.lock:
        return {
            "points_written": memory.written,
            "points_refused": memory.refused,
            "metrics": sorted(memory.descriptors),
            "refusals": [text for _, text in memory.refusals],
            "series": [
                {
                    "metric": some.key.metric,
                    "labels": dict(some.key.labels),
                    "resource": {"type": some.key.resource, **dict(some.key.resource_labels)},
                    "points": len(some.points),
                }
                for some in memory.series.values()
            ],
        }


def serve(memory: Memory, port: int, now: Callable[[], float] = time.time) -> ThreadingHTTPServer:
    """A started HTTP server on this machine; port 0 takes a free one (see server_port)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/":
                self._answer("text/html; charset=utf-8", page.whole(memory, now()))
            elif self.path == "/graphs":
                self._answer("text/html; charset=utf-8", page.graphs(memory, now()))
            elif self.path == "/points":
                self._answer("application/json", json.dumps(points(memory)))
            else:
                self._answer("text/plain; charset=utf-8", "Not found: / or /points\n", 404)

        def _answer(self, kind: str, text: str, status: int = 200) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silent: the local start has its own screen."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="monitoring-page", daemon=True).start()
    return server
