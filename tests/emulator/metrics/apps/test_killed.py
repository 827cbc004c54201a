"""Instances that are killed at any point: each batch that clients send until it is accepted counts
once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from functions.clock import ManualClock
from functions.documents import Store, Write
from functions.metrics.apps.batches import Counted
from functions.metrics.apps.intake import Intake
from tests.emulator.metrics.apps.numbered import counted, numbered

ROOT = Path(__file__).parents[4]
BATCHES = list(range(1, 7))


@pytest.mark.parametrize("landed", [False, True], ids=["before the commit", "before the answer"])
def test_each_batch_counts_once(store: Store, landed: bool) -> None:
    store.commit([Write.set("the/first", {})])
    clock = ManualClock()
    for die_at in (1, 4):
        job = {"project": store._client.project, "now": clock.now(), "batches": BATCHES}
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("dying_intake.py"))],
            input=json.dumps({**job, "die_at": die_at, "landed": landed}),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]
        clock.advance(5)
    intake = Intake(store, clock)
    again = [intake.count(numbered(number, clock.now())) for number in BATCHES]
    assert any(isinstance(each, Counted) and each.duplicate for each in again)
    found = counted(store, clock.now())
    assert (found.count, found.sum) == (len(BATCHES), sum(BATCHES))
