"""Stories under load: one instance of `api` as deployed, 80 clients at once, a quarter of them
streaming, and a model of 2 to 5 seconds. What a client waits beyond the model's own time is the
overhead.

The instance has one core; the Firestore emulator, the model and the clients share the others. A
shortened run by default; PALIER_LOAD_MINUTES=10 is the full length, which judges memory too.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack

from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from benchmarks import upstream
from benchmarks.deployed import beside, deployed, pinned_load
from benchmarks.load_figures import Run, figures
from benchmarks.process import Held, held_by, worker_of
from benchmarks.row import Row
from benchmarks.story_clients import Crowd
from functions.changes import Change, commit_change
from functions.clock import SystemClock
from functions.documents import Scope, Store
from functions.identity import Actor, Permission
from functions.stories.publish import create_version
from functions.stories.versions import NewVersion, Parameters
from local import firestore as firestore_emulator

SCOPE = Scope("main", "testing")
PROJECT = "demo-bench"
AT_ONCE = 80
THREADS = 80
MODEL_SECONDS = (2.0, 5.0)
MINUTES = "PALIER_LOAD_MINUTES"
SHORT_MINUTES = 1.0
RAMP_SECONDS = 5.0
WARM_UP_SECONDS = 15.0
"""Imports and threads of the instance, and the compilers of the emulator."""

REST_SECONDS = 17.0
"""Longer than the server, or its client of the model, keeps a connection that nobody uses."""

SAMPLE_SECONDS = 1.0
VERSION = NewVersion(
    version="1.0.0",
    prompt="tale-2",
    model="gpt-5-mini",
    parameters=Parameters(max_output_tokens=2_000),
    handler="one-call-1",
)


def rows() -> Iterator[Row]:
    yield from figures(measure(float(os.environ.get(MINUTES, SHORT_MINUTES))))


def measure(minutes: float) -> Run:
    with ExitStack() as running:
        # First, so that all but the server inherits the load's cores.
        pinned = running.enter_context(pinned_load())
        address = running.enter_context(firestore_emulator.running(name="firestore-bench-load"))
        publish(address)
        model = running.enter_context(upstream.running(MODEL_SECONDS))
        port, child = running.enter_context(
            deployed("api", beside(address, PROJECT, SCOPE.environment, model, THREADS))
        )
        crowd, pid = Crowd(port, PROJECT, AT_ONCE), worker_of(child.pid)
        return asyncio.run(_measure(minutes, crowd, pid, model, pinned))


async def _measure(minutes: float, crowd: Crowd, pid: int, model: str, pinned: bool) -> Run:
    marks = itertools.count()
    await crowd.ask(WARM_UP_SECONDS, marks, RAMP_SECONDS)
    await asyncio.sleep(REST_SECONDS)
    before = held_by(pid)
    samples: list[Held] = []
    sampling = asyncio.create_task(_sample(pid, samples))
    answers = await crowd.ask(minutes * 60, marks, RAMP_SECONDS)
    sampling.cancel()
    await asyncio.sleep(REST_SECONDS)
    told = await asyncio.to_thread(upstream.report, model)
    return Run(
        minutes=minutes,
        at_once=crowd.size,
        answers=answers,
        work=told["work"],
        connections=told["connections"],
        most_connections=told["most_connections"],
        samples=samples,
        before=before,
        after=held_by(pid),
        pinned=pinned,
    )


async def _sample(pid: int, samples: list[Held]) -> None:
    while True:
        samples.append(held_by(pid))
        await asyncio.sleep(SAMPLE_SECONDS)


def publish(address: str) -> None:
    """One version, for everybody, on the emulator at `address`."""
    os.environ["FIRESTORE_EMULATOR_HOST"] = address
    try:
        credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
        store = Store(firestore.Client(project=PROJECT, credentials=credentials))
        change = Change(SCOPE, Actor.operator("bench"), Permission.EDIT_VERSIONS, "a benchmark")
        commit_change(store, SystemClock(), change, create_version(VERSION))
    finally:
        del os.environ["FIRESTORE_EMULATOR_HOST"]
