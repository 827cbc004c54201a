"""The verbs for what is left of a rollout once it has ended."""

from __future__ import annotations

from argparse import Namespace

from cli.answer import Answer
from cli.bundle import Environ, connect
from cli.http import step
from cli.shown import completion as shown


def show(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get(_path(arguments.id, "completion"))
    return Answer(found, shown.completion(found))


def remove_flags(arguments: Namespace, environ: Environ) -> Answer:
    body = {"reason": arguments.reason, **({"force": True} if arguments.force else {})}
    found = connect(arguments, environ).post(_path(arguments.id, "remove-flags"), body)
    return Answer(found, shown.removed(found))


def lessons(arguments: Namespace, environ: Environ) -> Answer:
    """Without a text: what is written down. With one: writes it down."""
    bundle = connect(arguments, environ)
    if arguments.text is None:
        found = bundle.get(_path(arguments.id, "completion"))["lessons"]
        return Answer(found, found["text"] if found else "Nothing is written down yet.")
    body = {"text": arguments.text, "reason": arguments.reason}
    written = bundle.put(_path(arguments.id, "lessons"), body)
    return Answer(written, f"Written down in generation {written['generation']}.")


def archive(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get(_path(arguments.id, "archive"))
    return Answer(found, shown.archive(found))


def _path(identifier: str, what: str) -> str:
    return f"/v1/rollouts/{step(identifier)}/{what}"
