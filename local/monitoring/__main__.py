"""python -m local.monitoring --port N --http-port M: serves until it is ended.

It begins with one notification channel, since the policy of a silent control loop must have one.
"""

from __future__ import annotations

import argparse
import signal
import threading

from google.cloud import monitoring_v3

from local.monitoring import FIRST_CHANNEL, server, web
from local.monitoring.alerting.configuration import Configuration
from local.monitoring.alerting.watch import Watch
from local.monitoring.faults import Faults
from local.monitoring.memory import Memory
from local.monitoring.rules import Limits


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.monitoring", description=__doc__)
    parser.add_argument("--port", type=int, default=8790, help="gRPC, for the real client")
    parser.add_argument("--http-port", type=int, default=8791, help="the page, and /points")
    parser.add_argument(
        "--period", type=float, default=5.0, help="shortest time between points of a series (s)"
    )
    parser.add_argument("--project", default="demo-palier", help="whose the first channel is")
    arguments = parser.parse_args()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    memory = Memory(Limits(period=arguments.period))
    configuration = Configuration(memory)
    on_call = monitoring_v3.NotificationChannel.pb()(
        type_="email", display_name="On call", labels={"email_address": "on-call@example.com"}
    )
    configuration.create_channel(arguments.project, on_call, FIRST_CHANNEL)
    watch = Watch(configuration)
    watch.run()
    faults = Faults()
    page = web.serve(
        memory, arguments.http_port, configuration=configuration, watch=watch, faults=faults
    )
    calls, port = server.serve(memory, arguments.port, configuration=configuration, faults=faults)
    print(f"Cloud Monitoring on 127.0.0.1:{port}, http://127.0.0.1:{page.server_port}/", flush=True)
    ended.wait()
    watch.end()
    server.stop(calls)
    page.shutdown()


if __name__ == "__main__":
    main()
