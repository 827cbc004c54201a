"""Looks at the outbox that are killed: a process of its own, run by test_killed.py.

Reads a JSON list of {project, now, die_after, receiver} from stdin. For each it forks, takes a look
against the emulator, and kills that child with SIGKILL right after so many steps: operations on the
store, and messages that a receiver has taken. Prints the list of {signal, steps}: the signal that
ended the child, or 0 when it came to its end.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import dataclass, field

from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from functions.alerts import outbox
from functions.alerts.channels.outcome import Answer
from functions.alerts.channels.post import Post
from functions.alerts.channels.send import Sender
from functions.alerts.channels.transport import Transport
from functions.clock import ManualClock
from tests.emulator.alerts.outbox.world import SCOPE
from tests.emulator.rollouts.counted import CountedStore


@dataclass
class Life:
    """How many steps are left; the process is killed right after the last."""

    left: int
    steps: int = 0

    def step(self) -> None:
        self.steps += 1
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class DyingStore(CountedStore):
    def __init__(self, client: firestore.Client, life: Life) -> None:
        super().__init__(client)
        self.life = life

    def done(self) -> None:
        self.life.step()


@dataclass(frozen=True)
class DyingTransport(Transport):
    life: Life = field(default_factory=lambda: Life(-1))

    def post(self, post: Post) -> Answer:
        answer = super().post(post)
        self.life.step()
        return answer


def run(project: str, now: float, die_after: int) -> int:
    """One look; how many steps it took when it was not killed."""
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    life = Life(die_after)
    store = DyingStore(firestore.Client(project=project, credentials=credentials), life)
    sender = Sender(DyingTransport(local=True, life=life))
    outbox.deliver(store, ManualClock(now), SCOPE, sender)
    return life.steps


def main() -> None:
    results = []
    for job in json.load(sys.stdin):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            sys.stdout = sys.stderr
            steps = run(**job)
            os.write(writing, str(steps).encode())
            os._exit(0)
        os.close(writing)
        _, status = os.waitpid(child, 0)
        steps_done = os.read(reading, 20).decode()
        os.close(reading)
        ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        results.append({"signal": ended_by, "steps": int(steps_done or 0)})
    print(json.dumps(results))


if __name__ == "__main__":
    main()
