"""The verbs for stories: the versions that write them, and what is kept of one user."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Iterator
from typing import Any

from cli.answer import USAGE, Answer, Failed, Proposal
from cli.bundle import Environ, connect
from cli.http import Bundle, step
from cli.shown import stories as shown
from cli.shown.text import count, laid_out

PAGE = "100"
PARAMETERS = ("max_output_tokens", "temperature", "top_p", "reasoning_effort")
OPTIONAL = ("handler", "fallback")


def versions(arguments: Namespace, environ: Environ) -> Answer:
    found = connect(arguments, environ).get("/v1/versions")
    return Answer(found, shown.versions(found["versions"]))


def create_version(arguments: Namespace, environ: Environ) -> Answer:
    given = {name: getattr(arguments, name) for name in (*PARAMETERS, *OPTIONAL)}
    known = {name: value for name, value in given.items() if value is not None}
    body: dict[str, Any] = {
        "version": arguments.version,
        "prompt": arguments.prompt,
        "model": arguments.model,
        "parameters": {name: known[name] for name in PARAMETERS if name in known},
        **{name: known[name] for name in OPTIONAL if name in known},
        "reason": arguments.reason,
    }
    found = connect(arguments, environ).post("/v1/versions", body)
    return Answer(found, shown.created(found))


def export(arguments: Namespace, environ: Environ) -> Answer:
    """All that is kept of a user's stories, to a file or to standard output."""
    bundle = connect(arguments, environ)
    found = {"stories": list(_pages(bundle, _path(arguments.uid), arguments.reason))}
    text = "\n".join(laid_out(found))
    if arguments.file is None:
        return Answer(found, text)
    _write(arguments.file, text + "\n")
    number = len(found["stories"])
    told = f"{count(number, 'story', 'stories')} of this user: see {arguments.file}."
    return Answer({"file": arguments.file, "stories": number}, told)


def erase(arguments: Namespace, environ: Environ) -> Proposal:
    bundle = connect(arguments, environ)
    where = arguments.environment or "the bundle's own environment"
    text = (
        f"All stories of the user {arguments.uid} in {where} go for good, and what is kept\n"
        "of how much they have used. Nothing brings them back."
    )

    def carry_out() -> Answer:
        total = 0
        while True:
            body = {"reason": arguments.reason}
            done = bundle.delete(_path(arguments.uid), body)
            total += done["stories"]
            if done["complete"]:
                return Answer({**done, "stories": total}, shown.erased({**done, "stories": total}))

    return Proposal({"uid": arguments.uid, "erased": False}, text, "Erase them?", carry_out)


def _pages(bundle: Bundle, path: str, reason: str) -> Iterator[Any]:
    query = {"limit": PAGE, "reason": reason}
    while True:
        page = bundle.get(path, query)
        yield from page["stories"]
        if page["next"] is None:
            return
        query["after"] = page["next"]


def _path(uid: str) -> str:
    return f"/v1/users/{step(uid)}/stories"


def _write(path: str, text: str) -> None:
    """For the eyes of who asked: what one person had written is nobody else's. Raises Failed."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(text)
    except OSError as error:
        raise Failed({"detail": f"{path} can't be written: {error.strerror}"}, USAGE) from error
