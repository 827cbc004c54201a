"""How long users get a version that is taken back, as they see it: by itself and by hand.

Users ask for stories at a steady rate. `tick` is delivered twice and killed at a random moment: one
of its instances, or all; Cloud Scheduler delivers it again, as it does when deployed.
"""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx

from local import stack
from local.client import Person, RefusedError
from local.demo.traffic import Call, Traffic
from local.scheduler import BACKOFF, MINUTE, Scheduler
from tests.e2e.killing import kill
from tests.e2e.world import World, until
from tests.tokens import id_token

FLAG = "stories.version"
WORKERS = 3
RATE = 10.0
USERS = 500
COPIES = 2
KILLED_WITHIN = 15.0
"""Seconds: about as long as a rollback by itself takes."""

LEFT_SECONDS = 5.0
"""How long a delivery is waited for at the end."""

AFTERWARDS = 5.0
"""Seconds that users go on asking after the rollback: what is served later would be too late."""


def plan(percentage: float) -> dict[str, Any]:
    """It doesn't advance while it is looked at."""
    return {
        "name": "taken back",
        "stages": [
            {"percentage": percentage, "bake_seconds": 600.0},
            {"percentage": 100.0, "bake_seconds": 600.0},
        ],
        "criteria": {"requests": 1000},
    }


def warm(world: World) -> None:
    """So many processes as there will be requests at once: the emulator waits half a minute for one
    that is killed while it starts."""
    stack.warm(world.function("generate_story"), WORKERS)
    ticks = [threading.Thread(target=world.stack.tick.run_now) for _ in range(COPIES)]
    for each in ticks:
        each.start()
    for each in ticks:
        each.join()


@dataclass(frozen=True)
class Takeback:
    """
    seconds   from the version's first failed request, or from the command, to the end of the last
              request that it served
    served    requests that it served
    others    requests of everybody else, and how many of them failed
    killed    instances of tick
    """

    rollout: str
    seconds: float
    served: int
    others: int
    failed: int
    killed: int = 0


def crowd(world: World, salt: int) -> list[Person]:
    """Users whom nobody has seen yet."""
    project = world.stack.suite.project
    names = [f"user-{salt}-{number}" for number in range(USERS)]
    return [Person(name, id_token(name, project)) for name in names]


def begun(world: World, version: str, percentage: float) -> str:
    """A rollout that was asked to start."""
    body = {"flag": FLAG, "candidate": version, "plan": plan(percentage), "reason": "a test"}
    identifier = str(world.admin.post("/v1/rollouts", body)["rollout"]["id"])
    start = {"reason": "a test", "override_quarantine": True}
    world.admin.post(f"/v1/rollouts/{identifier}/start", start)
    return identifier


def by_itself(
    world: World,
    version: str,
    people: Sequence[Person],
    chance: random.Random,
    *,
    all_killed: bool = False,
) -> Takeback:
    """One in ten gets a version that fails all; `tick` is killed on the way. Where all its
    instances are, it takes as long as a new one takes to start."""
    killed: list[int] = []
    died = threading.Event()

    def strike() -> None:
        killed.append(kill("tick", None if all_killed else chance))
        if all_killed:
            died.set()

    moment = threading.Timer(chance.uniform(0.0, KILLED_WITHIN), strike)
    users = Traffic(world.function("generate_story"), people, RATE, WORKERS)
    with users.going():
        identifier = begun(world, version, 10.0)
        with delivered(world, COPIES, died):
            moment.start()
            _rolled_back(world, identifier, seconds=90)
            time.sleep(AFTERWARDS)
            moment.join()
    calls = users.calls()
    bad = [call for call in calls if call.version == version]
    seconds = max(call.ended for call in bad) - min(call.ended for call in bad)
    return _seen(identifier, seconds, version, calls, sum(killed))


def by_hand(world: World, version: str, people: Sequence[Person], percentage: float) -> Takeback:
    """The command is what a person types."""
    users = Traffic(world.function("generate_story"), people, RATE, WORKERS)
    with users.going():
        identifier = begun(world, version, percentage)
        with delivered(world, 1, threading.Event()):
            until(lambda: any(call.version == version for call in users.calls()), 60)
            commanded = time.time()
            done = world.palier("rollout", "rollback", identifier, "--reason", "a test")
            assert done.returncode == 0, done.stderr
            time.sleep(AFTERWARDS)
    calls = users.calls()
    seconds = max(call.ended for call in calls if call.version == version) - commanded
    return _seen(identifier, seconds, version, calls)


@contextmanager
def delivered(world: World, copies: int, died: threading.Event) -> Iterator[None]:
    """Each minute of the block `tick` is delivered so many times at once, and again when it failed
    or died."""
    over = threading.Event()

    def minutes() -> None:
        job = Scheduler("tick", world.stack.suite.schedule_url("tick"))
        while not over.is_set():
            began = time.monotonic()
            while not _went_well(job, died) and not over.wait(BACKOFF):
                pass
            over.wait(MINUTE - (time.monotonic() - began))

    threads = [threading.Thread(target=minutes, daemon=True) for _ in range(copies)]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        over.set()
        for each in threads:
            each.join(LEFT_SECONDS)


def _went_well(job: Scheduler, died: threading.Event) -> bool:
    """One run. Cloud Run answers at once for an instance that died; the emulator sometimes never
    does, so those who wait when all instances die go on as if it had."""
    answered: list[int] = []
    before = died.is_set()

    def run() -> None:
        with suppress(OSError, http.client.HTTPException):
            answered.append(job.run_now())

    running = threading.Thread(target=run, daemon=True)
    running.start()
    while running.is_alive() and (before or not died.is_set()):
        running.join(0.2)
    running.join(1.0)
    return bool(answered) and answered[0] < 300


def _rolled_back(world: World, identifier: str, seconds: float) -> None:
    def done() -> bool:
        try:
            found = world.admin.get(f"/v1/rollouts/{identifier}")
        except (RefusedError, httpx.HTTPError):
            return False  # Hosting's emulator resets a connection now and then: asked again
        return bool(found["phase"] == "rolled_back")

    until(done, seconds, pause=0.5)


def _seen(
    identifier: str, seconds: float, version: str, calls: Sequence[Call], killed: int = 0
) -> Takeback:
    others = [call for call in calls if call.version != version]
    return Takeback(
        identifier,
        seconds,
        len(calls) - len(others),
        len(others),
        sum(not call.ok for call in others),
        killed,
    )
