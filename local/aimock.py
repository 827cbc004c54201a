"""OpenAI's stand-in: npm's @copilotkit/aimock with stories in English and French.

Which model answers and which fails is told by its name: see FAILING in `local/model.mjs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from local.paths import ROOT
from local.ports import HOST, free_port, require_free
from local.processes import Processes, wait_for_text

HEALTHY_MODEL = "gpt-palier"
"""Any name that isn't one of the failing ones tells stories."""

BROKEN_MODEL = "gpt-broken"
"""Answers 404 model_not_found, as OpenAI does for a name it doesn't know."""

SLOW_MODEL = "gpt-palier-slow"
"""Takes PALIER_MODEL_SLOW_MS."""

CUT_MODEL = "gpt-palier-cut"
"""Breaks off in the middle of a story that is streamed."""

OBJECTIONABLE = "massacre"
"""A word that its moderation objects to."""

MILLISECONDS = 150

SCRIPT = ROOT / "local" / "model.mjs"


def start(
    processes: Processes, port: int, *, milliseconds: int = MILLISECONDS, name: str = "openai"
) -> str:
    """The base URL for PALIER_OPENAI_URL. Answers take half to one and a half times
    `milliseconds`. Raises PortError, StartError.
    """
    require_free({"openai": port})
    command = ["node", str(SCRIPT), str(port)]
    child = processes.start(name, command, env={"PALIER_MODEL_MS": str(milliseconds)})
    wait_for_text("ready at", child, seconds=30)
    return f"http://{HOST}:{port}/v1"


@contextmanager
def running(
    port: int | None = None, *, milliseconds: int = MILLISECONDS, name: str = "openai"
) -> Iterator[str]:
    """The same for the length of a block, on a free port unless one is given."""
    with Processes() as processes:
        yield start(processes, port or free_port(), milliseconds=milliseconds, name=name)
