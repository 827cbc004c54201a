"""The Firestore emulator alone, without firebase-tools: up in three seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local import jars, java
from local.ports import HOST, free_port, require_free
from local.processes import Processes, wait_for_http

PROJECT = "demo-palier"


def start(
    processes: Processes, port: int, *, rules: Path | None = None, name: str = "firestore-alone"
) -> str:
    """Returns FIRESTORE_EMULATOR_HOST. Raises PortError, StartError, MissingEmulatorError."""
    require_free({"firestore": port})
    command = [str(java.executable()), "-jar", str(jars.firestore_jar())]
    command += ["--host", HOST, "--port", str(port), "--project_id", PROJECT]
    if rules is not None:
        command += ["--rules", str(rules)]
    child = processes.start(name, command)
    wait_for_http(f"http://{HOST}:{port}/", child, seconds=60)
    return f"{HOST}:{port}"


@contextmanager
def running(
    port: int | None = None, *, rules: Path | None = None, name: str = "firestore-alone"
) -> Iterator[str]:
    """The same for the length of a block, on a free port unless one is given."""
    with Processes() as processes:
        yield start(processes, port or free_port(), rules=rules, name=name)
