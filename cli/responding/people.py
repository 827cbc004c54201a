"""The verbs for people on call."""

from __future__ import annotations

from argparse import Namespace

from cli.answer import USAGE, Answer, Failed
from cli.bundle import Environ, connect, json_file
from cli.http import step
from cli.shown import incidents as shown


def list_all(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get("/v1/people")
    return Answer(found, shown.people(found))


def define(arguments: Namespace, environ: Environ) -> Answer:
    content = json_file(arguments.file)
    if not isinstance(content, dict):
        raise Failed({"detail": f"{arguments.file} does not hold a JSON object."}, USAGE)
    body = {**content, "reason": arguments.reason}
    found = connect(arguments, environ).put(_path(arguments.id), body)
    return Answer(found, shown.person(found["person"]))


def remove(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).delete(_path(arguments.id), {"reason": arguments.reason})
    return Answer(found, f"{found['removed']} is no longer on call.")


def _path(identifier: str) -> str:
    return f"/v1/people/{step(identifier)}"
