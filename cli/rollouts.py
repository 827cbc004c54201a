"""The verbs for releases in stages."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.answer import UNHEALTHY, Answer
from cli.bundle import Environ, connect, json_file
from cli.http import step
from cli.shown import rollouts as shown

POLL_SECONDS = 2.0
ENDED = ("succeeded", "rolled_back", "superseded")
UNHEALTHY_PHASES = ("rolled_back", "superseded", "paused")


def list_all(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get("/v1/rollouts")
    return Answer(found, shown.rollouts(found["rollouts"]))


def show(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get(_path(arguments.id))
    return Answer(found, shown.rollout(found))


def explain(arguments: Namespace, environ: Environ) -> Answer:
    query = {"language": arguments.language}
    found = connect(arguments, environ).get(f"{_path(arguments.id)}/explain", query)
    return Answer(found, shown.explanation(found))


def status(
    arguments: Namespace,
    environ: Environ,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Answer:
    """Without a timeout: is it healthy so far? With one: has it succeeded by then?"""
    bundle, path = connect(arguments, environ), _path(arguments.id)
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


def create(arguments: Namespace, environ: Environ) -> Answer:
    body = {
        "flag": arguments.flag,
        "candidate": arguments.candidate,
        "plan": _plan(arguments.plan),
        "reason": arguments.reason,
    }
    found = connect(arguments, environ).post("/v1/rollouts", body)
    return Answer(found, shown.created(found))


def command(arguments: Namespace, environ: Environ) -> Answer:
    """start, pause, resume, promote or rollback."""
    body: dict[str, Any] = {"reason": arguments.reason}
    if getattr(arguments, "expected_stage", None) is not None:
        body["expected_stage"] = arguments.expected_stage
    if getattr(arguments, "override_quarantine", False):
        body["override_quarantine"] = True
    path = f"{_path(arguments.id)}/{arguments.command}"
    found = connect(arguments, environ).post(path, body)
    return Answer(found, shown.moved(found))


def _path(identifier: str) -> str:
    return f"/v1/rollouts/{step(identifier)}"


def _plan(given: str) -> Any:
    """A template's name as it is; the content of a file that exists."""
    return json_file(given) if Path(given).is_file() else given
