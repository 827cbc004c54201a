"""OpenAI's stand-in: npm's @copilotkit/aimock with stories in English and French.

Which model answers and which fails is told by its name: see FAILING in `local/model.mjs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.paths import ROOT
from local.ports import HOST, free_port, require_free
from local.processes import Processes, wait_for_text

HEALTHY_MODEL = "gpt-palier"
"""Any name that isn't one of the failing ones tells stories."""

BROKEN_MODEL = "gpt-broken"
"""Answers 404 model_not_found, as OpenAI does for a name it doesn't know."""

SCRIPT = ROOT / "local" / "model.mjs"


@contextmanager
def running(
    port: int | None = None,
    *,
    milliseconds: int = 150,
    name: str = "openai",
    logs: Path | None = None,
) -> Iterator[str]:
    """Yields the base URL for PALIER_OPENAI_URL. Answers take half to one and a half times
    `milliseconds`. Raises PortError, StartError.
    """
    port = port or free_port()
    require_free({"openai": port})
    with Processes(*([logs] if logs else [])) as processes:
        environment = {"PALIER_MODEL_MS": str(milliseconds)}
        command = ["node", str(SCRIPT), str(port)]
        child = processes.start(name, command, env=environment)
        wait_for_text("ready at", child, seconds=30)
        yield f"http://{HOST}:{port}/v1"
