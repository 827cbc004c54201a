"""The verbs that ask a running bundle over its API."""

from __future__ import annotations

import json
import time
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cli import shown
from cli.answer import UNHEALTHY, USAGE, Answer, Failed
from cli.http import Bundle

POLL_SECONDS = 2.0
PAGE = 500
ENDED = ("succeeded", "rolled_back", "superseded")
UNHEALTHY_PHASES = ("rolled_back", "superseded", "paused")

Environ = Mapping[str, str]


def list_rollouts(arguments: Namespace, environ: Environ) -> Answer:
    found = _bundle(arguments, environ).get("/rollouts")
    return Answer(found, shown.rollouts(found["rollouts"]))


def show_rollout(arguments: Namespace, environ: Environ) -> Answer:
    found = _bundle(arguments, environ).get(_path(arguments.id))
    return Answer(found, shown.rollout(found))


def status(
    arguments: Namespace,
    environ: Environ,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Answer:
    """Without a timeout: is it healthy so far? With one: has it succeeded by then?"""
    bundle, path = _bundle(arguments, environ), _path(arguments.id)
    found = bundle.get(path)
    if arguments.timeout is None:
        healthy = found["phase"] not in UNHEALTHY_PHASES
        return Answer(found, shown.status(found), 0 if healthy else UNHEALTHY)
    deadline = clock() + arguments.timeout
    while found["phase"] not in (*ENDED, "paused") and clock() < deadline:
        sleep(min(POLL_SECONDS, max(0.0, deadline - clock())))
        found = bundle.get(path)
    text = shown.status(found)
    if found["phase"] not in (*ENDED, "paused"):
        text += f"\nIt has not ended after {arguments.timeout:g} s."
    return Answer(found, text, 0 if found["phase"] == "succeeded" else UNHEALTHY)


def create_rollout(arguments: Namespace, environ: Environ) -> Answer:
    body = {
        "flag": arguments.flag,
        "candidate": arguments.candidate,
        "plan": _plan(arguments.plan),
        "reason": arguments.reason,
    }
    found = _bundle(arguments, environ).post("/rollouts", body)
    return Answer(found, shown.created(found))


def command(arguments: Namespace, environ: Environ) -> Answer:
    """start, pause, resume, promote or rollback."""
    body: dict[str, Any] = {"reason": arguments.reason}
    if getattr(arguments, "expected_stage", None) is not None:
        body["expected_stage"] = arguments.expected_stage
    if getattr(arguments, "override_quarantine", False):
        body["override_quarantine"] = True
    path = f"{_path(arguments.id)}/{arguments.command}"
    found = _bundle(arguments, environ).post(path, body)
    return Answer(found, shown.moved(found))


def list_flags(arguments: Namespace, environ: Environ) -> Answer:
    bundle = _bundle(arguments, environ)
    flags: list[Any] = []
    while True:
        query = {"limit": str(PAGE), **({"after": flags[-1]["key"]} if flags else {})}
        page = bundle.get("/flags", query)["flags"]
        flags += page
        if len(page) < PAGE:
            return Answer({"flags": flags}, shown.flags(flags))


def health(arguments: Namespace, environ: Environ) -> Answer:
    """Open to everybody: no token is sent."""
    code, found = Bundle(_url(arguments, environ), "").health()
    healthy = code == 200 and found["status"] == "ok"
    return Answer(found, shown.health(found), 0 if healthy else UNHEALTHY)


def _bundle(arguments: Namespace, environ: Environ) -> Bundle:
    given = {"application": arguments.application, "environment": arguments.environment}
    scope = {name: value for name, value in given.items() if value}
    return Bundle(_url(arguments, environ), environ.get("PALIER_TOKEN", "").strip(), scope)


def _url(arguments: Namespace, environ: Environ) -> str:
    url = (arguments.url or environ.get("PALIER_URL", "")).strip().rstrip("/")
    if not url.startswith(("https://", "http://")):
        raise Failed(
            {
                "detail": "No address of a bundle was given."
                if not url
                else f"{url!r} is not an address of a bundle.",
                "remedy": "Give --url, or set PALIER_URL: https://PROJECT.web.app, say.",
            },
            USAGE,
        )
    return url


def _path(identifier: str) -> str:
    from urllib.parse import quote

    return f"/rollouts/{quote(identifier, safe='')}"


def _plan(given: str) -> Any:
    """A template's name as it is; the content of a file that exists."""
    path = Path(given)
    if not path.is_file():
        return given
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        detail = f"{given} is not well-formed JSON: {error}"
        raise Failed({"detail": detail, "remedy": "Correct the file."}, USAGE) from error
