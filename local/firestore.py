"""The Firestore emulator alone, without firebase-tools: up in three seconds."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local import jars, java
from local.ports import HOST, free_port, require_free
from local.processes import Processes, wait_for_http

PROJECT = "demo-palier"
WARM_UP_SECONDS = 60


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
    warm_up(f"{HOST}:{port}")
    return f"{HOST}:{port}"


def warm_up(address: str) -> None:
    """A write and a query, in a project that nobody uses. The first of each take an emulator
    seconds, which on a busy machine is longer than Palier waits for Firestore."""
    documents = "projects/demo-warm-up/databases/(default)/documents"
    write = {"update": {"name": f"{documents}/warm/up", "fields": {"a": {"integerValue": "1"}}}}
    query = {"from": [{"collectionId": "warm"}]}
    for verb, body in (("commit", {"writes": [write]}), ("runQuery", {"structuredQuery": query})):
        _post(f"http://{address}/v1/{documents}:{verb}", body)


def _post(url: str, body: Mapping[str, Any]) -> None:
    headers = {"Content-Type": "application/json", "Authorization": "Bearer owner"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    urllib.request.urlopen(request, timeout=WARM_UP_SECONDS).close()


@contextmanager
def running(
    port: int | None = None, *, rules: Path | None = None, name: str = "firestore-alone"
) -> Iterator[str]:
    """The same for the length of a block, on a free port unless one is given."""
    with Processes() as processes:
        yield start(processes, port or free_port(), rules=rules, name=name)
