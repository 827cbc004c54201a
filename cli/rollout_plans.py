"""The verbs for plans, before there is a rollout."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from cli.answer import Answer
from cli.bundle import Environ, connect, json_file
from cli.shown import rollout_plans as shown


def list_all(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get("/v1/rollout-plans")
    return Answer(found, shown.plans(found["plans"], arguments.language))


def preview(arguments: Namespace, environ: Environ) -> Answer:
    """Changes nothing."""
    body: dict[str, Any] = {"plan": named_or_file(arguments.plan)}
    for name in ("flag", "service"):
        if getattr(arguments, name) is not None:
            body[name] = getattr(arguments, name)
    if arguments.requests_per_second is not None:
        body["traffic"] = {
            "requests_per_second": arguments.requests_per_second,
            "error_rate": arguments.error_rate or 0.0,
        }
    found = connect(arguments, environ).post("/v1/rollout-plans/preview", body)
    return Answer(found, shown.foretold(found, arguments.language))


def backtest(arguments: Namespace, environ: Environ) -> Answer:
    """Changes nothing."""
    body: dict[str, Any] = {"plan": named_or_file(arguments.plan)}
    for name in ("service", "control", "candidate", "since", "until", "share"):
        if getattr(arguments, name) is not None:
            body[name] = getattr(arguments, name)
    found = connect(arguments, environ).post("/v1/rollout-backtests", body)
    return Answer(found, shown.backtested(found, arguments.language))


def named_or_file(given: str) -> Any:
    """A template's name as it is; the content of a file that exists."""
    return json_file(given) if Path(given).is_file() else given
