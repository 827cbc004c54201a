"""The verbs for rules."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from cli.answer import USAGE, Answer, Failed
from cli.bundle import Environ, connect
from cli.http import step
from cli.shown import alerts as shown

FIELDS = {
    "template": "template",
    "severity": "severity",
    "metric": "metric",
    "window": "window_seconds",
    "for": "for_seconds",
    "keep": "keep_firing_seconds",
    "minimum": "minimum_requests",
    "action": "actions",
    "kind": "kind",
    "days": "baseline_days",
    "service": "service",
    "page": "page",
}
"""The options, and what they are called in the API."""


def list_all(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get("/v1/rules")
    return Answer(found, shown.rules(found["rules"], found.get("unreadable", ())))


def show(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get(_path(arguments.id))
    return Answer(found, shown.rule(found["rule"]))


def templates(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get("/v1/rule-templates")
    return Answer(found, shown.templates(found["templates"]))


def put(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).put(_path(arguments.id), _body(arguments))
    return Answer(found, shown.rule(found["rule"]))


def remove(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).delete(_path(arguments.id), {"reason": arguments.reason})
    return Answer(found, f"What {found['removed']} said here holds no longer.")


def _body(arguments: Namespace) -> dict[str, Any]:
    given = {name: getattr(arguments, option) for option, name in FIELDS.items()}
    body: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    for option, comparison in (("above", ">"), ("below", "<")):
        threshold = getattr(arguments, option)
        if threshold is not None:
            body |= {"threshold": threshold, "comparison": comparison}
    if (arguments.english is None) != (arguments.french is None):
        raise Failed({"detail": "A title is given in --english and in --french."}, USAGE)
    if arguments.english is not None:
        body["title"] = {"en": arguments.english, "fr": arguments.french}
    if arguments.off:
        body["enabled"] = False
    return {**body, "reason": arguments.reason}


def _path(identifier: str) -> str:
    return f"/v1/rules/{step(identifier)}"
