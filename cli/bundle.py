"""The bundle that a command asks, and whether it can do its work."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.answer import UNHEALTHY, USAGE, Answer, Failed
from cli.http import Bundle
from cli.shown import rollouts as shown

Environ = Mapping[str, str]


def health(arguments: Namespace, environ: Environ) -> Answer:
    """Open to everybody: no token is sent."""
    code, found = Bundle(_url(arguments, environ), "").health()
    healthy = code == 200 and found["status"] == "ok"
    return Answer(found, shown.health(found), 0 if healthy else UNHEALTHY)


def connect(arguments: Namespace, environ: Environ, environment: str | None = None) -> Bundle:
    """The bundle; what is asked is about the environment given, or that of the options."""
    given = {
        "application": arguments.application,
        "environment": environment or arguments.environment,
    }
    scope = {name: value for name, value in given.items() if value}
    return Bundle(_url(arguments, environ), environ.get("PALIER_TOKEN", "").strip(), scope)


def json_file(path: str) -> Any:
    """What a file holds. Raises Failed."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise Failed({"detail": f"{path} can't be read: {error.strerror}"}, USAGE) from error
    except ValueError as error:
        detail = f"{path} is not well-formed JSON: {error}"
        raise Failed({"detail": detail, "remedy": "Correct the file."}, USAGE) from error


def _url(arguments: Namespace, environ: Environ) -> str:
    url = (arguments.url or environ.get("PALIER_URL", "")).strip().rstrip("/")
    if not url.startswith(("https://", "http://")):
        raise Failed(
            {
                "detail": "No address of a bundle was given."
                if not url
                else f"{url!r} is not an address of a bundle.",
                "remedy": "Give --url, or set PALIER_URL: https://PROJECT.web.app, say.",
            },
            USAGE,
        )
    return url
