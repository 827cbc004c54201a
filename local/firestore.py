"""The Firestore emulator alone, without firebase-tools: up in three seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local import jars, java
from local.ports import HOST, free_port
from local.processes import Processes, wait_for_http

PROJECT = "demo-palier"


@contextmanager
def running(
    port: int | None = None, *, rules: Path | None = None, name: str = "firestore-alone"
) -> Iterator[str]:
    """Yields the address for FIRESTORE_EMULATOR_HOST. Raises StartError, MissingEmulatorError."""
    port = port or free_port()
    address = f"{HOST}:{port}"
    command = [str(java.executable()), "-jar", str(jars.firestore_jar())]
    command += ["--host", HOST, "--port", str(port), "--project_id", PROJECT]
    if rules is not None:
        command += ["--rules", str(rules)]
    with Processes() as processes:
        child = processes.start(name, command)
        wait_for_http(f"http://{address}/", child, seconds=60)
        yield address
