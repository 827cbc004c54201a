"""The verbs for silences."""

from __future__ import annotations

from argparse import Namespace

from cli.answer import Answer
from cli.bundle import Environ, connect
from cli.http import step
from cli.shown import alerts as shown

MATCHED = ("rule", "service", "version", "severity")


def list_all(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get("/v1/silences")
    return Answer(found, shown.silences(found["silences"]))


def put(arguments: Namespace, environ: Environ) -> Answer:
    body = {
        "until": arguments.until,
        **{name: getattr(arguments, name) for name in MATCHED},
        "reason": arguments.reason,
    }
    found = connect(arguments, environ).put(_path(arguments.id), body)
    return Answer(found, shown.silences([found["silence"]]))


def remove(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).delete(_path(arguments.id), {"reason": arguments.reason})
    return Answer(found, f"{found['removed']} is over: people are told again.")


def _path(identifier: str) -> str:
    return f"/v1/silences/{step(identifier)}"
