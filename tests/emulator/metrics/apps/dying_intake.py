"""An instance that takes batches and is killed: a process of its own, run by test_killed.py.

Reads {project, now, batches, die_at, landed} from stdin, counts the batches in turn against the
emulator, and kills itself with SIGKILL at the commit of that number: before it, or (`landed`) right
after it, when nobody has been answered yet.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from functions.clock import ManualClock
from functions.documents import Store, Write
from functions.metrics.apps.intake import Intake
from tests.emulator.metrics.apps.numbered import numbered
from tests.emulator.rollouts.world import connect


class DyingStore(Store):
    """Its process is killed at a commit."""

    def __init__(self, project: str, die_at: int, *, landed: bool) -> None:
        super().__init__(connect(project)._client)
        self._left = die_at
        self._landed = landed

    def commit(self, writes: Sequence[Write], **options: Any) -> list[Any]:
        self._left -= 1
        if self._left == 0 and not self._landed:
            os.kill(os.getpid(), signal.SIGKILL)
        versions = super().commit(writes, **options)
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return versions


def main() -> None:
    job = json.load(sys.stdin)
    clock = ManualClock(job["now"])
    store = DyingStore(job["project"], job["die_at"], landed=job["landed"])
    intake = Intake(store, clock)
    for number in job["batches"]:
        intake.count(numbered(number, clock.now()))


if __name__ == "__main__":
    main()
