"""The verbs for releases in stages."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from cli.answer import UNHEALTHY, USAGE, Answer, Failed
from cli.bundle import Environ, connect
from cli.http import step
from cli.rollout_plans import named_or_file
from cli.shown import rollouts as shown
from cli.shown.completion import flags

POLL_SECONDS = 2.0
ENDED = ("succeeded", "rolled_back", "superseded", "aborted")
STOPPED = ("paused", "blocked")
UNHEALTHY_PHASES = ("rolled_back", "superseded", "aborted", *STOPPED)


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
    while found["phase"] not in (*ENDED, *STOPPED) and clock() < deadline:
        sleep(min(POLL_SECONDS, max(0.0, deadline - clock())))
        found = bundle.get(path)
    text = shown.status(found)
    if found["phase"] not in (*ENDED, *STOPPED):
        text += f"\nIt has not ended after {arguments.timeout:g} s."
    return Answer(found, text, 0 if found["phase"] == "succeeded" else UNHEALTHY)


def create(arguments: Namespace, environ: Environ) -> Answer:
    body = {
        "flag": arguments.flag,
        "candidate": arguments.candidate,
        "plan": named_or_file(arguments.plan),
        "reason": arguments.reason,
        **_beside(arguments),
    }
    found = connect(arguments, environ).post("/v1/rollouts", body)
    return Answer(found, shown.created(found))


def command(arguments: Namespace, environ: Environ) -> Answer:
    """What may be asked of one: start, pause, rollback and the others."""
    body: dict[str, Any] = {"reason": arguments.reason}
    for name in ("expected_stage", "percentage", "stage"):
        if getattr(arguments, name, None) is not None:
            body[name] = getattr(arguments, name)
    for name in ("override_quarantine", "remove_flags", "force"):
        if getattr(arguments, name, False):
            body[name] = True
    path = f"{_path(arguments.id)}/{arguments.command}"
    found = connect(arguments, environ).post(path, body)
    text = shown.moved(found)
    return Answer(found, f"{flags(found)}\n{text}" if found.get("flags") else text)


def _path(identifier: str) -> str:
    return f"/v1/rollouts/{step(identifier)}"


def _beside(arguments: Namespace) -> dict[str, Any]:
    """What only some rollouts have. Raises Failed."""
    further = []
    for each in arguments.also:
        flag, equals, variant = each.partition("=")
        if not (flag and equals and variant):
            raise Failed({"detail": f"--also takes FLAG=VARIANT, not {each!r}."}, USAGE)
        further.append({"flag": flag, "candidate": variant})
    given = {"also": further, "if_running": arguments.if_running, "cause": arguments.cause}
    return {name: value for name, value in given.items() if value}
