"""The pages of the local Cloud Monitoring pass axe, light and dark, wide and narrow.

A page of the test's own holds each of them in a frame, runs axe in it, and sends what it found.
"""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import TYPE_CHECKING, Any

import pytest

from local.monitoring import web
from local.monitoring.page.frame import PLACES
from local.paths import NODE_MODULES
from tests.unit.local.monitoring import sample

if TYPE_CHECKING:
    from tests.browser.conftest import Open

SECONDS = 90
HARNESS = """<!doctype html><html lang="en"><title>axe</title><body><script>
const paths = %s;
const loaded = (frame) => new Promise((done) => { frame.onload = done; });
(async () => {
  const found = {};
  for (const path of paths) {
    const frame = document.createElement("iframe");
    frame.style = "width: 100vw; height: 900px; border: 0";
    frame.src = "/page" + path;
    const ready = loaded(frame);
    document.body.append(frame);
    await ready;
    const script = frame.contentDocument.createElement("script");
    script.src = "/axe.js";
    const there = loaded(script);
    frame.contentDocument.head.append(script);
    await there;
    for (const one of frame.contentDocument.querySelectorAll("details")) one.open = true;
    const { violations, passes, incomplete } = await frame.contentWindow.axe.run();
    found[path] = {
      violations: violations.map((v) => [v.id, v.help, v.nodes.map((n) => n.html)]),
      incomplete: incomplete.map((v) => [v.id, v.help, v.nodes.map((n) => n.html)]),
      passes: passes.map((p) => p.id),
      dark: frame.contentWindow.matchMedia("(prefers-color-scheme: dark)").matches,
      overflow: frame.contentDocument.documentElement.scrollWidth > frame.clientWidth,
    };
    frame.remove();
  }
  await fetch("/found", { method: "POST", body: JSON.stringify(found) });
})().catch((problem) => fetch("/found", { method: "POST", body: JSON.stringify(String(problem)) }));
</script>"""


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    """The address of pages that show the sample."""
    configuration, watch = sample.place()
    page = web.serve(
        configuration.memory,
        0,
        now=lambda: float(sample.NOW),
        configuration=configuration,
        watch=watch,
    )
    yield f"http://127.0.0.1:{page.server_port}"
    page.shutdown()
    page.server_close()


@pytest.fixture
def harness(pages: str) -> Iterator[tuple[str, Queue[Any]]]:
    """Its address, and where what it finds arrives."""
    found: Queue[Any] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/":
                self._answer("text/html", (HARNESS % json.dumps(list(PLACES))).encode())
            elif self.path == "/axe.js":
                script = NODE_MODULES / "axe-core" / "axe.min.js"
                self._answer("text/javascript", script.read_bytes())
            elif self.path.startswith("/page/"):
                with urllib.request.urlopen(pages + self.path.removeprefix("/page")) as answer:
                    self._answer("text/html; charset=utf-8", answer.read())
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            found.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._answer("text/plain", b"")

        def _answer(self, kind: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", found
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("scheme", "size"), [(1, "1320,1000"), (0, "500,1000")], ids=["light, wide", "dark, narrow"]
)
def test_the_pages_pass_axe(
    open_page: Open, harness: tuple[str, Queue[Any]], scheme: int, size: str
) -> None:
    url, answers = harness
    with open_page(url, scheme, size):
        found = answers.get(timeout=SECONDS)
    assert list(found) == list(PLACES)
    for path, told in found.items():
        assert told["violations"] == [], path
        unsure = [html for _, _, nodes in told["incomplete"] for html in nodes]
        # Of text in SVG and of single signs it can't tell the contrast: test_pages.py does.
        left = [html for html in unsure if not html.startswith(("<text", "<span aria-hidden"))]
        assert left == [], path
        assert "color-contrast" in told["passes"], path
        assert told["dark"] == (scheme == 0)
        assert not told["overflow"], path
