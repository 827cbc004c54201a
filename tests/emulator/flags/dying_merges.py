"""A merge of counts that is killed: a process of its own, run by test_evaluations.py.

Reads {project, die_after} from stdin and sums up what instances wrote, against the emulator. It
kills itself with SIGKILL right after so many operations on the store; 0: it comes to its end.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from functions.clock import ManualClock
from functions.flags.manage.merge_usage import merge_usage
from tests.emulator.flags.conftest import SCOPE
from tests.emulator.rollouts.counted import CountedStore


class DyingStore(CountedStore):
    """Its process is killed right after an operation."""

    def __init__(self, client: firestore.Client, die_after: int) -> None:
        super().__init__(client)
        self.left = die_after

    def done(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    job = json.load(sys.stdin)
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    client = firestore.Client(project=job["project"], credentials=credentials)
    merge_usage(DyingStore(client, job["die_after"]), ManualClock(), SCOPE)


if __name__ == "__main__":
    main()
