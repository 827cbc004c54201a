"""The verb that tests whether anybody hears of an alert."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Callable
from typing import Any

from cli.answer import UNHEALTHY, Answer
from cli.bundle import Environ, connect
from cli.http import Bundle, step
from cli.shown import tests as shown

POLL_SECONDS = 5.0
LATE_SECONDS = 360.0
"""So long after its end a test that isn't through has failed, as the bundle says it."""
RUNNING = "running"


def follow_test(
    arguments: Namespace,
    environ: Environ,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Answer:
    """Begins a test and follows it; what is done is told as it happens, to people only."""
    bundle = connect(arguments, environ)
    body = {"rule": arguments.rule, "service": arguments.service, "reason": arguments.reason}
    begun = bundle.post("/v1/alerts/tests", body)["test"]
    lasts = begun["ends_at"] - begun["started_at"] + LATE_SECONDS
    deadline = clock() + (lasts if arguments.timeout is None else arguments.timeout)
    quiet = arguments.output == "json"
    if not quiet:
        print(shown.begun(begun), file=sys.stderr, flush=True)
    found = _look(bundle, begun["id"], 0, quiet=quiet)
    while found["status"] == RUNNING and clock() < deadline:
        sleep(POLL_SECONDS)
        found = _look(bundle, begun["id"], _done(found), quiet=quiet)
    code = 0 if found["status"] == "passed" else UNHEALTHY
    return Answer({"test": found}, shown.outcome(found), code)


def _look(bundle: Bundle, identifier: str, told: int, *, quiet: bool) -> Any:
    found = bundle.get(f"/v1/alerts/tests/{step(identifier)}")["test"]
    if not quiet:
        for line in shown.stages(found)[told : _done(found)]:
            print(line, file=sys.stderr, flush=True)
    return found


def _done(found: Any) -> int:
    """How many stages were done one after the other."""
    times = [stage["at"] is not None for stage in found["stages"]]
    return times.index(False) if False in times else len(times)
