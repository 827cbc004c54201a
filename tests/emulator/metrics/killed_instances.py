"""Instances that serve requests until the operating system kills them. Run as a script.

Takes JSON on its input: the project, and for each instance its version, the share of its requests
that fail, and after how many seconds it dies. Writes, for each, when it was killed, and the times
of its answers and of its commits: what an instance told before it died.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from functions.clock import SystemClock
from functions.documents import Scope, Store, Write
from functions.metrics.observation import Observation
from functions.metrics.recorder import Recorder

SCOPE = Scope("main", "production")
A_SECOND = 25


class Telling(Store):
    """Tells of each commit before it begins and after it was made."""

    tell: Any = None

    def commit(self, writes: Sequence[Write], **options: Any) -> list[Any]:
        self.tell("begun")
        versions = super().commit(writes, **options)
        self.tell("committed")
        return versions


def serve(project: str, version: str, failing: float, file: Path) -> None:
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    store = Telling(firestore.Client(project=project, credentials=credentials))
    store.get("the/first")  # connecting takes its time
    out = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def tell(word: str) -> None:
        os.write(out, f"{time.monotonic()} {word}\n".encode())

    store.tell = tell
    clock, chance = SystemClock(), random.Random(version)
    recorder = Recorder(store, clock)
    tell("serving")
    while True:
        failed = chance.random() < failing
        recorder.record(
            SCOPE,
            Observation(
                service="stories",
                version=version,
                generation=3,
                at=clock.now(),
                duration_ms=40.0,
                code="OPENAI_ERROR" if failed else "OK",
                cause="candidate" if failed else "none",
                user_hash=f"{chance.randrange(10**6):016x}",
            ),
        )
        tell("failed" if failed else "good")
        time.sleep(1 / A_SECOND)


def main() -> None:
    job = json.load(sys.stdin)
    folder = Path(job["folder"])
    children: dict[str, int] = {}
    for each in job["instances"]:
        pid = os.fork()
        if not pid:
            serve(job["project"], each["version"], each["failing"], folder / each["version"])
        children[each["version"]] = pid
    files = [folder / version for version in children]
    while not all(file.exists() for file in files):  # each is made once its instance serves
        time.sleep(0.05)
    began, killed_at = time.monotonic(), {}
    for each in sorted(job["instances"], key=lambda one: one["dies_after"]):
        time.sleep(max(0.0, began + each["dies_after"] - time.monotonic()))
        os.kill(children[each["version"]], signal.SIGKILL)
        killed_at[each["version"]] = time.monotonic()
    for pid in children.values():
        os.waitpid(pid, 0)
    json.dump(killed_at, sys.stdout)


if __name__ == "__main__":
    main()
