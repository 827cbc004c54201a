"""The page, the counts and the dashboards over HTTP, with the standard library."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.monitoring.alerting.configuration import Configuration
from local.monitoring.alerting.watch import Watch
from local.monitoring.dashboards import rest
from local.monitoring.memory import Memory
from local.monitoring.page import alerting, channels, dashboards, frame, incidents, metrics, view

CONTENTS = {
    "/": metrics.content,
    "/alerting": alerting.content,
    "/incidents": incidents.content,
    "/channels": channels.content,
    "/dashboards": dashboards.content,
}
POLL_SECONDS = 0.05
"""How soon it notices that it should end."""


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


def serve(
    memory: Memory,
    port: int,
    now: Callable[[], float] = time.time,
    configuration: Configuration | None = None,
    watch: Watch | None = None,
) -> ThreadingHTTPServer:
    """A started HTTP server on this machine; port 0 takes a free one (see server_port).

    Without a `configuration` it begins with an empty one of its own; the incidents it shows are
    those of the `watch`.
    """
    configured = configuration or Configuration(memory)
    watching = watch or Watch(configured)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if rest.PATH.fullmatch(path):
                self._dashboards()
            elif path in CONTENTS:
                seen = view.taken(configured, watching, now)
                content = CONTENTS[path](seen)
                self._answer("text/html; charset=utf-8", frame.whole(seen, path, content))
            elif path == "/points":
                self._answer("application/json", json.dumps(points(memory)))
            else:
                self._answer(
                    "text/plain; charset=utf-8",
                    f"Not found: {', '.join(CONTENTS)} or /points\n",
                    404,
                )

        def do_POST(self) -> None:
            self._dashboards()

        def do_PATCH(self) -> None:
            self._dashboards()

        def do_DELETE(self) -> None:
            self._dashboards()

        def _dashboards(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, told = rest.answer(configured, self.command, path, query, body)
            self._answer("application/json", json.dumps(told), status)

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
    thread = threading.Thread(
        target=server.serve_forever, args=(POLL_SECONDS,), name="monitoring-page", daemon=True
    )
    thread.start()
    return server
