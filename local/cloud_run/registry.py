"""A registry of images over HTTP: whether a manifest is there, and nothing else."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from local.cloud_run.world import World


def serve(world: World, port: int) -> ThreadingHTTPServer:
    """A started server on this machine; port 0 takes a free one. Every image is there but the
    world's missing ones."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            name, _, reference = self.path.removeprefix("/v2/").partition("/manifests/")
            image = f"{self.headers['Host']}/{name}@{reference}"
            self.send_response(404 if image in world.missing_images else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


def stop(server: ThreadingHTTPServer) -> None:
    server.shutdown()
    server.server_close()
