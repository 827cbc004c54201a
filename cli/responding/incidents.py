"""The verbs for incidents."""

from __future__ import annotations

from argparse import Namespace

from cli.answer import Answer
from cli.bundle import Environ, connect
from cli.http import step
from cli.shown import incidents as shown


def list_all(arguments: Namespace, environ: Environ) -> Answer:
    query = {"limit": str(arguments.limit)}
    if arguments.status:
        query["status"] = arguments.status
    found = connect(arguments, environ).get("/v1/incidents", query)
    return Answer(found, shown.incidents(found["incidents"]))


def show(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get(_path(arguments.id))
    return Answer(found, shown.incident(found["incident"]))


def command(arguments: Namespace, environ: Environ) -> Answer:
    """acknowledge or resolve."""
    path = f"{_path(arguments.id)}/{arguments.command}"
    found = connect(arguments, environ).post(path, {"reason": arguments.reason})
    return Answer(found, shown.moved(found["incident"]))


def note(arguments: Namespace, environ: Environ) -> Answer:
    body = {"text": arguments.text, "reason": arguments.reason}
    found = connect(arguments, environ).post(f"{_path(arguments.id)}/note", body)
    return Answer(found, f"Noted in the timeline of {found['incident']['id']}.")


def _path(identifier: str) -> str:
    return f"/v1/incidents/{step(identifier)}"
