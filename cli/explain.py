"""The verb that asks why a user gets what they get."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from cli.answer import USAGE, Answer, Failed
from cli.bundle import Environ, connect
from cli.http import step
from cli.shown import explanation as shown


def explain(arguments: Namespace, environ: Environ) -> Answer:
    user = context(arguments)
    path = f"/v1/flags/{step(arguments.key)}/explain"
    found = connect(arguments, environ).post(path, {"context": user})
    return Answer(found, shown.explanation(arguments.key, user, found))


def context(arguments: Namespace) -> dict[str, Any]:
    """Of the options --context, --user and --set. Raises Failed."""
    try:
        given = json.loads(arguments.context)
    except ValueError as error:
        raise _not_a_context(f"--context is not well-formed JSON: {error}") from error
    if not isinstance(given, dict):
        raise _not_a_context("--context is not a JSON object.")
    if arguments.user is not None:
        given["targetingKey"] = arguments.user
    return {**given, **dict(arguments.set or [])}


def _not_a_context(detail: str) -> Failed:
    remedy = """Give --context '{"targetingKey": "ada", "plan": "pro"}', say."""
    return Failed({"detail": detail, "remedy": remedy}, USAGE)
