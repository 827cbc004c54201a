"""Ticks that are killed by the operating system, in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.emulator.rollouts.world import World

ROOT = Path(__file__).parents[3]


def killed(jobs: Sequence[dict[str, Any]]) -> list[dict[str, int]]:
    """Runs dying_ticks.py; what became of each."""
    script = Path(__file__).with_name("dying_ticks.py")
    done = subprocess.run(
        [sys.executable, str(script)],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    results: list[dict[str, int]] = json.loads(done.stdout)
    return results


def job(world: World, die_after: int) -> dict[str, Any]:
    return {
        "project": world.store._client.project,
        "now": world.clock.now(),
        "die_after": die_after,
    }
