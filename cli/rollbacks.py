"""The verbs for rollbacks as recorded deployments."""

from __future__ import annotations

from argparse import Namespace

from cli.answer import UNHEALTHY, Answer
from cli.bundle import Environ, connect
from cli.http import step
from cli.shown import rollbacks as shown


def list_all(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get("/v1/rollbacks")
    return Answer(found, shown.rollbacks(found["rollbacks"]))


def show(arguments: Namespace, environ: Environ) -> Answer:
    """Exits with 1 where a check failed: a gate for scripts."""
    found = connect(arguments, environ).get(f"/v1/rollbacks/{step(arguments.id)}")
    return Answer(found, shown.rollback(found), UNHEALTHY if found["status"] == "failed" else 0)
