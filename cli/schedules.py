"""The verbs for changes that take effect at a time."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

from cli.answer import USAGE, Answer, Failed
from cli.bundle import Environ, connect, json_file
from cli.http import PAGE, step
from cli.shown import schedules as shown


def list_all(arguments: Namespace, environ: Environ) -> Answer:
    """The latest."""
    only = {"flag": arguments.flag, "state": arguments.state}
    query = {name: value for name, value in only.items() if value}
    found = connect(arguments, environ).get("/v1/schedules", {"limit": str(PAGE), **query})
    return Answer(found, shown.schedules(found["schedules"]))


def create(arguments: Namespace, environ: Environ) -> Answer:
    """On the basis of the flag as it is now."""
    bundle = connect(arguments, environ)
    flag = bundle.get(f"/v1/flags/{step(arguments.flag)}")["flag"]
    body = {
        "flag": arguments.flag,
        "flag_revision": flag["revision"],
        "at": arguments.at,
        "reason": arguments.reason,
        **_what(arguments),
    }
    found = bundle.post("/v1/schedules", body)
    return Answer(found, shown.created(found["schedule"]))


def cancel(arguments: Namespace, environ: Environ) -> Answer:
    path = f"/v1/schedules/{step(arguments.id)}/cancel"
    found = connect(arguments, environ).post(path, {"reason": arguments.reason})
    return Answer(found, shown.cancelled(found["schedule"]))


def _what(arguments: Namespace) -> dict[str, Any]:
    if arguments.action:
        return {"action": arguments.action}
    return {"action": "edit", "changes": _changes(arguments.changes)}


def _changes(given: str) -> Any:
    """The content of a file that exists, or JSON as it is."""
    try:
        return json_file(given) if Path(given).is_file() else json.loads(given)
    except ValueError as error:
        raise Failed(
            {
                "detail": f"--changes is neither a file nor well-formed JSON: {error}",
                "remedy": """Give --changes '{"owner": "books"}', say, or a file.""",
            },
            USAGE,
        ) from error
