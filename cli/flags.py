"""The verbs for single flags."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from cli.answer import Answer, Proposal
from cli.bundle import Environ, connect
from cli.http import Bundle, step
from cli.shown import flags as shown


def list_all(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).all_by_key("/v1/flags", "flags")
    return Answer({"flags": found}, shown.flags(found))


def show(arguments: Namespace, environ: Environ) -> Answer:
    found = _read(connect(arguments, environ), arguments.key)
    return Answer({"flag": found}, shown.flag(found))


def switch(arguments: Namespace, environ: Environ) -> Answer:
    """kill or revive: whoever pulls the switch is not told to look first."""
    return _send(connect(arguments, environ), arguments, {})


def archive(arguments: Namespace, environ: Environ) -> Answer:
    bundle = connect(arguments, environ)
    return _send(bundle, arguments, {"revision": _read(bundle, arguments.key)["revision"]})


def restore(arguments: Namespace, environ: Environ) -> Answer:
    """Published again, or as it was at a revision."""
    bundle = connect(arguments, environ)
    body = {"revision": _read(bundle, arguments.key)["revision"]}
    return _send(bundle, arguments, {**body, **({"to": arguments.to} if arguments.to else {})})


def delete(arguments: Namespace, environ: Environ) -> Answer | Proposal:
    bundle = connect(arguments, environ)
    found = _read(bundle, arguments.key)
    body = {"revision": found["revision"]}
    if not found["archived"]:
        return _send(bundle, arguments, body)  # which says why not
    return Proposal(
        {"flag": found},
        shown.flag(found),
        f"Delete {arguments.key} and its history for good?",
        lambda: _send(bundle, arguments, body),
    )


def history(arguments: Namespace, environ: Environ) -> Answer:
    """One more than is shown, to tell what the last one changed."""
    path = f"{_path(arguments.key)}/revisions"
    bundle = connect(arguments, environ)
    found = bundle.get(path, {"limit": str(arguments.limit + 1)})["revisions"]
    kept, older = found[: arguments.limit], found[arguments.limit :]
    return Answer({"revisions": kept}, shown.history(kept, older[0] if older else None))


def _read(bundle: Bundle, key: str) -> Any:
    return bundle.get(_path(key))["flag"]


def _send(bundle: Bundle, arguments: Namespace, body: dict[str, Any]) -> Answer:
    path = f"{_path(arguments.key)}/{arguments.command}"
    found = bundle.post(path, {"reason": arguments.reason, **body})
    return Answer(found, shown.changed(found, arguments.command, body.get("to")))


def _path(key: str) -> str:
    return f"/v1/flags/{step(key)}"
