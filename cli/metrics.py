"""The verbs for metrics of apps."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from cli.answer import Answer
from cli.bundle import Environ, connect
from cli.http import step
from cli.shown import metrics as shown

MEANING = ("service", "unit", "better", "about")


def list_all(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get("/v1/metrics")
    return Answer(found, shown.metrics(found["metrics"]))


def declare(arguments: Namespace, environ: Environ) -> Answer:
    given = {name: getattr(arguments, name) for name in MEANING}
    body: dict[str, Any] = {
        "kind": arguments.kind,
        **{name: value for name, value in given.items() if value is not None},
        "reason": arguments.reason,
    }
    found = connect(arguments, environ).put(_path(arguments.name), body)
    return Answer(found, shown.declared(found["metric"]))


def remove(arguments: Namespace, environ: Environ) -> Answer:
    body = {"reason": arguments.reason}
    found = connect(arguments, environ).delete(_path(arguments.name), body)
    return Answer(found, shown.removed(found["metric"]))


def restart(arguments: Namespace, environ: Environ) -> Answer:
    body = {
        "action": "restart_collection",
        "minutes": arguments.minutes,
        "reason": arguments.reason,
    }
    found = connect(arguments, environ).post("/metrics", body)
    return Answer(found, shown.restarted(found))


def _path(name: str) -> str:
    return f"/v1/metrics/{step(name)}"
