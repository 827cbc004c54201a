"""The pages, the counts, the dashboards and the faults over HTTP, with the standard library.

/points          what arrived, as JSON
/incidents.json  what is open, and what closed
/faults          GET tells, PUT begins and DELETE ends trouble (see faults.py)
/v1/projects/…   dashboards, as the real API has them
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.monitoring import faults as trouble
from local.monitoring.alerting.configuration import Configuration
from local.monitoring.alerting.incidents import Incident
from local.monitoring.alerting.watch import Watch
from local.monitoring.dashboards import rest
from local.monitoring.faults import Faults
from local.monitoring.memory import Memory
from local.monitoring.page import alerting, channels, dashboards, frame, incidents, metrics, view
from local.monitoring.rules import InvalidRequest

CONTENTS = {
    "/": metrics.content,
    "/alerting": alerting.content,
    "/incidents": incidents.content,
    "/channels": channels.content,
    "/dashboards": dashboards.content,
}
HTML, JSON, TEXT = "text/html; charset=utf-8", "application/json", "text/plain; charset=utf-8"
POLL_SECONDS = 0.05
"""How soon it notices that it should end."""

Answer = tuple[int, str, str]
"""Status, kind of content, content."""


@dataclass(frozen=True)
class Site:
    """All that can be asked over HTTP."""

    configuration: Configuration
    watch: Watch
    faults: Faults
    now: Callable[[], float]

    def answer(self, method: str, path: str, query: str, body: bytes) -> Answer:
        if rest.PATH.fullmatch(path):
            return self._dashboards(method, path, query, body)
        if path == "/faults" and method in ("GET", "PUT", "DELETE"):
            return self._faults(method, body)
        if method != "GET":
            return 404, TEXT, f"Nothing takes {method} at {path}.\n"
        if path in CONTENTS:
            seen = view.taken(self.configuration, self.watch, self.faults, self.now)
            return 200, HTML, frame.whole(seen, path, CONTENTS[path](seen))
        if path == "/points":
            return 200, JSON, json.dumps(points(self.configuration.memory))
        if path == "/incidents.json":
            return 200, JSON, json.dumps(self._incidents())
        return 404, TEXT, f"Not found: {', '.join(CONTENTS)}, /points, /incidents.json or /faults\n"

    def _dashboards(self, method: str, path: str, query: str, body: bytes) -> Answer:
        status = trouble.over_http(self.faults, "dashboards")
        if status:
            problem = {"code": status, "message": trouble.INTERNAL, "status": "UNAVAILABLE"}
            return status, JSON, json.dumps({"error": problem})
        status, told = rest.answer(self.configuration, method, path, query, body)
        return status, JSON, json.dumps(told)

    def _faults(self, method: str, body: bytes) -> Answer:
        try:
            if method == "PUT":
                self.faults.begin(trouble.from_json(rest.parsed(body)))
            elif method == "DELETE":
                self.faults.end()
        except InvalidRequest as problem:
            return 400, TEXT, f"{problem}\n"
        return 200, JSON, json.dumps(self.faults.told())

    def _incidents(self) -> dict[str, Any]:
        seen = view.taken(self.configuration, self.watch, self.faults, self.now)
        return {
            "looked_at": seen.looked_at,
            "open": [_told(seen, one) for one in seen.open],
            "closed": [_told(seen, one) for one in seen.closed],
        }


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
    faults: Faults | None = None,
) -> ThreadingHTTPServer:
    """A started HTTP server on this machine; port 0 takes a free one (see server_port).

    Without a `configuration` it begins with an empty one of its own; the incidents it shows are
    those of the `watch`.
    """
    configured = configuration or Configuration(memory)
    site = Site(configured, watch or Watch(configured), faults or Faults(), now)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._ask()

        def do_POST(self) -> None:
            self._ask()

        def do_PUT(self) -> None:
            self._ask()

        def do_PATCH(self) -> None:
            self._ask()

        def do_DELETE(self) -> None:
            self._ask()

        def _ask(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, kind, text = site.answer(self.command, path, query, body)
            told = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(told)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            """Silent: the local start has its own screen."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(
        target=server.serve_forever, args=(POLL_SECONDS,), name="monitoring-page", daemon=True
    )
    thread.start()
    return server


def _told(seen: view.View, incident: Incident) -> dict[str, Any]:
    policy = seen.policy(incident.key.policy)
    return {
        "id": incident.id,
        "policy": incident.key.policy,
        "name": policy.display_name if policy is not None else "",
        "labels": dict(incident.key.labels),
        "value": incident.value,
        "opened": incident.opened,
        "closed": incident.closed,
        "reason": incident.reason,
        "told": list(incident.told),
    }
