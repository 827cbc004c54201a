"""What is lost when the operating system kills an instance: what it counted since its last write,
which is three seconds of good requests or one with failures among them, and nothing else."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from functions.documents import Store
from functions.metrics import store as metric_store
from functions.metrics.recorder import (
    FAILURE_FLUSH_SECONDS,
    FLUSH_SECONDS,
    FLUSH_TIMEOUT_SECONDS,
)
from functions.metrics.tally import Tally, merge_all
from tests.emulator.metrics.killed_instances import SCOPE

ROOT = Path(__file__).parents[3]
INSTANCES = 8
FAILING = 0.4
"""At 25 requests a second ten fail: enough for a write every second."""


@dataclass(frozen=True)
class Life:
    """Times (monotonic seconds) of what an instance told, and how often it said so."""

    killed_at: float
    told: list[tuple[float, str]]

    def times(self, *words: str) -> list[float]:
        return [at for at, word in self.told if word in words]

    @property
    def steady(self) -> bool:
        """Whether the emulator confirmed every write but perhaps the last."""
        return len(self.times("begun")) - len(self.times("committed")) <= 1


def lives(store: Store, folder: Path, instances: list[dict[str, object]]) -> dict[str, Life]:
    job = {"project": store._client.project, "folder": str(folder), "instances": instances}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("killed_instances.py"))],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return {
        version: Life(
            killed_at,
            [
                (float(line.split()[0]), line.split()[1])
                for line in (folder / version).read_text().splitlines()
            ],
        )
        for version, killed_at in json.loads(done.stdout).items()
    }


def stored(store: Store) -> dict[str, Tally]:
    slots = metric_store.load_flushed(store, SCOPE, time.time(), span=300)
    versions = {slot.version for slot in slots}
    return {
        version: merge_all(slot.tally for slot in slots if slot.version == version)
        for version in versions
    }


def test_a_killed_instance_loses_what_it_had_not_written(store: Store, tmp_path: Path) -> None:
    chance = random.Random(5)
    instances: list[dict[str, object]] = [
        {
            "version": f"1.{n}.0",
            "failing": FAILING * (n % 2),
            "dies_after": chance.uniform(4, 9),
        }
        for n in range(INSTANCES)
    ]
    found = lives(store, tmp_path, instances)
    kept = stored(store)
    longest = {False: 0.0, True: 0.0}
    steady = 0
    for each in instances:
        life, tally = found[str(each["version"])], kept[str(each["version"])]
        answered = life.times("good", "failed")
        lost = max(0, len(answered) - tally.requests)
        written = life.times("begun")[len(life.times("committed")) - 1]
        assert sum(at < written for at in answered) <= tally.requests, "what was written is there"
        assert tally.requests <= len(answered) + 1, "nothing is counted that was not asked"
        assert tally.failures <= len(life.times("failed")) + 1
        if not life.steady:
            continue
        steady += 1
        span = life.killed_at - answered[-lost] if lost else 0.0
        failing = bool(each["failing"])
        longest[failing] = max(longest[failing], span)
    assert steady >= INSTANCES // 2
    assert longest[False] <= FLUSH_SECONDS + FLUSH_TIMEOUT_SECONDS
    assert longest[True] <= FAILURE_FLUSH_SECONDS + FLUSH_TIMEOUT_SECONDS
    assert longest[False] > 0
    print(f"lost at most: {longest[False]:.2f} s of good, {longest[True]:.2f} s with failures")
