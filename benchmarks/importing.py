"""How much longer `api` takes to import than the libraries that no function can do without."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.row import Row

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 9
FLOOR = "from firebase_functions import https_fn; from google.cloud import firestore"
API = "import main"
TIMED = "import time; started = time.process_time(); {}; print(time.process_time() - started)"


def rows() -> Iterator[Row]:
    for statement in (FLOOR, API):
        _cpu_seconds(statement)  # writes the bytecode
    rounds = [(_cpu_seconds(FLOOR), _cpu_seconds(API)) for _ in range(ROUNDS)]
    ratio = statistics.median(api / floor for floor, api in rounds)
    floor, api = (statistics.median(each[n] for each in rounds) for n in (0, 1))
    detail = f"{api * 1e3:.0f} ms of CPU against {floor * 1e3:.0f} ms, fresh interpreters"
    yield Row("import.api_vs_floor", ratio, "x", "<=", 1.10, detail)


def _cpu_seconds(statement: str) -> float:
    """CPU time of an import in a fresh interpreter, as functions-framework does it for `api`."""
    environment = {**os.environ, "FUNCTION_TARGET": "api", "GCLOUD_PROJECT": "demo-bench"}
    command = [sys.executable, "-c", TIMED.format(statement)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{statement!r} failed: {done.stderr[-1000:]}")
    return float(done.stdout.split()[-1])
