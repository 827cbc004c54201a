"""The verbs for alerts as they stand, and what became of them."""

from __future__ import annotations

from argparse import Namespace

from cli.answer import Answer
from cli.bundle import Environ, connect
from cli.shown import alerts as shown


def list_all(arguments: Namespace, environ: Environ) -> Answer:
    query = _query(arguments)
    if arguments.all:
        query["all"] = "true"
    found = connect(arguments, environ).get("/v1/alerts", query)
    return Answer(found, shown.alerts(found["alerts"]))


def events(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get("/v1/alert-events", _query(arguments))
    return Answer(found, shown.events(found["events"]))


def _query(arguments: Namespace) -> dict[str, str]:
    query = {"limit": str(arguments.limit)}
    if arguments.service:
        query["service"] = arguments.service
    return query
