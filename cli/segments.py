"""The verbs for segments."""

from __future__ import annotations

from argparse import Namespace

from cli.answer import Answer
from cli.bundle import Environ, connect
from cli.http import step
from cli.shown import segments as shown


def list_all(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).all_by_key("/v1/segments", "segments")
    return Answer({"segments": found}, shown.segments(found))


def show(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get(f"/v1/segments/{step(arguments.key)}")
    return Answer(found, shown.segment(found["segment"]))
