"""python -m local.cloud_run --port N: serves until it is ended.

It begins with one service that was deployed twice.
"""

from __future__ import annotations

import argparse
import signal
import threading

from local.cloud_run import server
from local.cloud_run.world import World

FIRST = "projects/demo-palier/locations/europe-west1/services/stories"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.cloud_run", description=__doc__)
    parser.add_argument("--port", type=int, default=8792, help="gRPC, for the real client")
    parser.add_argument(
        "--delay", type=float, default=5.0, help="how long traffic takes to follow (s)"
    )
    arguments = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    world = World(arguments.delay)
    revisions = [world.deploy(FIRST) for _ in range(2)]
    calls, port = server.serve(world, arguments.port)
    print(f"Cloud Run on 127.0.0.1:{port}: {FIRST}, {' and '.join(revisions)}", flush=True)
    ended.wait()
    server.stop(calls)


if __name__ == "__main__":
    main()
