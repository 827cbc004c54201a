"""Ticks that are killed: a process of its own, run by test_tick.py.

Reads a JSON list of {project, now, die_after} from stdin. For each it forks, runs a tick against
the emulator, and kills that child with SIGKILL right after so many operations on the store. Prints
the list of {signal, operations}: the signal that ended the child, or 0 when it came to its end.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Collection, Sequence

from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from functions.clock import ManualClock
from functions.documents import Scope
from functions.metrics.cloud_monitoring import Sent
from functions.metrics.series import Metric, Point
from functions.minute import Aside, Deps, Job
from functions.tick import tick
from tests.emulator.rollouts.counted import CountedStore


class DyingStore(CountedStore):
    """Its process is killed right after an operation."""

    def __init__(self, client: firestore.Client, die_after: int) -> None:
        super().__init__(client)
        self.left = die_after
        self.operations_done = 0

    def done(self) -> None:
        self.operations_done += 1
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Inline(Aside):
    """Everything in one thread, so that "after so many operations" means the same every time."""

    def start(self, jobs: Sequence[tuple[str, Job]]) -> bool:
        for _, job in jobs:
            job()
        return True


class NoSink:
    """Takes every point."""

    def prepare(self, metrics: Sequence[Metric], timeout: float) -> None:
        pass

    def write(self, scope: Scope, points: Sequence[Point], timeout: float) -> Sent:
        return Sent(len(points))

    def present(
        self, scope: Scope, metrics: Sequence[Metric], end: int, timeout: float
    ) -> Collection[tuple[str, tuple[tuple[str, str], ...]]]:
        return ()


def run(project: str, now: float, die_after: int) -> int:
    """One tick; how many operations it took when it was not killed."""
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    client = firestore.Client(project=project, credentials=credentials)
    store = DyingStore(client, die_after)
    tick(Deps(store, ManualClock(now), NoSink(), Inline(), Inline()))
    return store.operations_done


def main() -> None:
    results = []
    for job in json.load(sys.stdin):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            sys.stdout = sys.stderr
            operations = run(**job)
            os.write(writing, str(operations).encode())
            os._exit(0)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        operations_done = os.read(reading, 20).decode()
        os.close(reading)
        results.append(
            {
                "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
                "operations": int(operations_done or 0),
            }
        )
    print(json.dumps(results))


if __name__ == "__main__":
    main()
