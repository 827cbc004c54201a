"""The verbs for what serves a service."""

from __future__ import annotations

from argparse import Namespace

from cli.answer import Answer
from cli.bundle import Environ, connect
from cli.http import step
from cli.shown import serving as shown


def list_all(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get("/v1/serving")
    return Answer(found, shown.servings(found["serving"]))


def show(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get(_path(arguments.service))
    return Answer(found, shown.serving(found["serving"]))


def put(arguments: Namespace, environ: Environ) -> Answer:
    body = {
        "cloud_run": arguments.cloud_run or "",
        "revisions": dict(arguments.revision or []),
        "health_url": arguments.health_url or "",
        "reason": arguments.reason,
    }
    found = connect(arguments, environ).put(_path(arguments.service), body)
    return Answer(found, shown.serving(found["serving"]))


def remove(arguments: Namespace, environ: Environ) -> Answer:
    body = {"reason": arguments.reason}
    found = connect(arguments, environ).delete(_path(arguments.service), body)
    return Answer(found, f"Palier leaves the traffic of {found['removed']} alone again.")


def _path(service: str) -> str:
    return f"/v1/serving/{step(service)}"
