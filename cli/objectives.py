"""The verbs for objectives, scores and the scorecard."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from cli.answer import Answer
from cli.bundle import Environ, connect
from cli.http import step
from cli.shown import objectives as shown

MEANING = ("days", "threshold_ms", "least", "metric", "volume")


def list_all(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get("/v1/objectives")
    return Answer(found, shown.objectives(found["objectives"]))


def show(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get(_path(arguments.id))
    return Answer(found, shown.objective(found["objective"]))


def put(arguments: Namespace, environ: Environ) -> Answer:
    given = {name: getattr(arguments, name) for name in MEANING}
    body: dict[str, Any] = {
        "service": arguments.service,
        "kind": arguments.kind,
        "target": arguments.target,
        **{name: value for name, value in given.items() if value is not None},
        **({"lower": True} if arguments.lower else {}),
        "reason": arguments.reason,
    }
    found = connect(arguments, environ).put(_path(arguments.id), body)
    return Answer(found, shown.objective(found["objective"]))


def remove(arguments: Namespace, environ: Environ) -> Answer:
    body = {"reason": arguments.reason}
    found = connect(arguments, environ).delete(_path(arguments.id), body)
    return Answer(found, f"The objective {found['removed']} is removed.")


def scores(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get("/v1/scores")
    return Answer(found, shown.scores(found["scores"]))


def put_score(arguments: Namespace, environ: Environ) -> Answer:
    given = {"target_ms": arguments.target_ms, "error_weight": arguments.error_weight}
    body = {name: value for name, value in given.items() if value is not None}
    path = f"/v1/scores/{step(arguments.service)}"
    found = connect(arguments, environ).put(path, {**body, "reason": arguments.reason})
    return Answer(found, shown.scores([found["score"]]))


def remove_score(arguments: Namespace, environ: Environ) -> Answer:
    path = f"/v1/scores/{step(arguments.service)}"
    found = connect(arguments, environ).delete(path, {"reason": arguments.reason})
    return Answer(found, f"{found['removed']} is scored as it is delivered again.")


def scorecard(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get("/v1/scorecard")
    return Answer(found, shown.scorecard(found["scorecard"]))


def _path(identifier: str) -> str:
    return f"/v1/objectives/{step(identifier)}"
