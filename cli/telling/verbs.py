"""The verbs for channels, routes and deliveries."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from cli.answer import USAGE, Answer, Failed
from cli.bundle import Environ, connect, json_file
from cli.http import step
from cli.telling import shown


def channels(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get("/v1/channels")
    return Answer(found, shown.channels(found["channels"]))


def set_channel(arguments: Namespace, environ: Environ) -> Answer:
    body = json_file(arguments.file)
    if not isinstance(body, dict):
        raise Failed({"detail": f"{arguments.file} holds no definition of a channel."}, USAGE)
    sent = {**body, **_reason(arguments, body)}
    found = connect(arguments, environ).put(f"/v1/channels/{step(arguments.id)}", sent)
    return Answer(found, shown.defined(found["channel"]))


def test_channel(arguments: Namespace, environ: Environ) -> Answer:
    path = f"/v1/channels/{step(arguments.id)}/test"
    found = connect(arguments, environ).post(path, {"reason": arguments.reason})
    return Answer(found, shown.tested(found["delivery"]))


def remove_channel(arguments: Namespace, environ: Environ) -> Answer:
    path = f"/v1/channels/{step(arguments.id)}"
    found = connect(arguments, environ).delete(path, {"reason": arguments.reason})
    return Answer(found, f"The channel {found['removed']} is removed.")


def routes(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get("/v1/routes")
    return Answer(found, shown.routes(found["routes"]))


def set_route(arguments: Namespace, environ: Environ) -> Answer:
    body = {
        "channels": arguments.channel,
        "severities": arguments.severity or [],
        "events": arguments.event or [],
        "levels": arguments.level or [],
        "about": arguments.about,
        "reason": arguments.reason,
    }
    found = connect(arguments, environ).put(f"/v1/routes/{step(arguments.id)}", body)
    return Answer(found, shown.routes([found["route"]]))


def remove_route(arguments: Namespace, environ: Environ) -> Answer:
    path = f"/v1/routes/{step(arguments.id)}"
    found = connect(arguments, environ).delete(path, {"reason": arguments.reason})
    return Answer(found, f"The route {found['removed']} is removed.")


def deliveries(arguments: Namespace, environ: Environ) -> Answer:
    only = {"status": arguments.status, "channel": arguments.channel}
    query = {name: value for name, value in only.items() if value}
    query["limit"] = str(arguments.limit)
    found = connect(arguments, environ).get("/v1/deliveries", query)
    return Answer(found, shown.deliveries(found["deliveries"]))


def delivery(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get(f"/v1/deliveries/{step(arguments.id)}")
    return Answer(found, shown.delivery(found["delivery"], found["texts"]))


def retry(arguments: Namespace, environ: Environ) -> Answer:
    path = f"/v1/deliveries/{step(arguments.id)}/retry"
    found = connect(arguments, environ).post(path, {"reason": arguments.reason})
    return Answer(found, shown.deliveries([found["delivery"]]))


def _reason(arguments: Namespace, body: dict[str, Any]) -> dict[str, str]:
    """The option is stronger than what the file says."""
    return {"reason": arguments.reason or str(body.get("reason", ""))}
