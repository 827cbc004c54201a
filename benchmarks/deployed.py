"""A function served as Cloud Run would: functions-framework with gunicorn, one worker, one core."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.load import cores
from local.paths import ROOT
from local.ports import HOST, free_port
from local.processes import Child, Processes, wait_for_http

START_SECONDS = 60


@contextmanager
def deployed(
    target: str, environment: Mapping[str, str], source: Path = ROOT / "main.py"
) -> Iterator[tuple[int, Child]]:
    """Its port and its first process, for the length of a block."""
    port = free_port()
    chosen = cores()
    command = [sys.executable, "-m", "functions_framework", "--target", target]
    command += ["--source", str(source), "--port", str(port)]
    with Processes() as processes:
        child = processes.start(
            f"bench-{target}", command, env={"PYTHONPATH": str(ROOT), **environment}
        )
        if chosen:  # before it forks its worker, which inherits the core
            os.sched_setaffinity(child.pid, chosen[0])
        wait_for_http(f"http://{HOST}:{port}/", child, seconds=START_SECONDS)
        yield port, child


def beside(
    firestore_address: str, project: str, environment: str, model: str, threads: int
) -> dict[str, str]:
    """The settings of a function that makes stories beside an emulator and a stand-in for OpenAI;
    its ID tokens may be unsigned."""
    return {
        "FIRESTORE_EMULATOR_HOST": firestore_address,
        "FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:1",
        "GCLOUD_PROJECT": project,
        "GOOGLE_APPLICATION_CREDENTIALS": "",
        "NO_GCE_CHECK": "true",
        "OPENAI_API_KEY": "local-stand-in",
        "PALIER_ENVIRONMENT": environment,
        "PALIER_OPENAI_URL": f"{model}/v1",
        "THREADS": str(threads),
    }


@contextmanager
def pinned_load() -> Iterator[bool]:
    """Keeps this process, and what it starts, off the server's core. Yields whether it could."""
    chosen = cores()
    if chosen is None:
        yield False
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, chosen[1])
    try:
        yield True
    finally:
        os.sched_setaffinity(0, before)
