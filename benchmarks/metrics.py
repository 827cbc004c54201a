"""What measuring costs: Firestore operations and samples of Cloud Monitoring, counted by the store
itself on the emulator, and by a local Cloud Monitoring; and how long a tick over many services
takes."""

from __future__ import annotations

import io
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass

from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from benchmarks import at_size
from benchmarks.row import Row
from functions.clock import ManualClock
from functions.documents import Scope, Store, Write
from functions.metrics import store as metric_store
from functions.metrics import tally
from functions.metrics.cloud_monitoring import CloudMonitoring
from functions.metrics.observation import Observation
from functions.metrics.recorder import Recorder
from functions.metrics.store import SlotKey
from functions.metrics.windows import SLOT_SECONDS
from functions.minute import Deps
from functions.tick import tick
from local import firestore as firestore_emulator
from local.monitoring import server
from local.monitoring.memory import Memory

SCOPE = Scope("main", "production")
START = 1_800_000_000.0
IDLE_MINUTES = 60
BUSY_MINUTES = 10
A_SECOND = 10
VERSIONS = ("1.2.0", "1.3.0")
SERVICES = 500
TICKS = 3


@dataclass
class World:
    """An environment on the emulator, a local Cloud Monitoring, and a clock for all of it."""

    store: Store
    memory: Memory
    clock: ManualClock
    deps: Deps

    def minute(self) -> float:
        """One tick, with all that it starts aside; the seconds it took."""
        began = time.monotonic()
        with redirect_stdout(io.StringIO()):  # a tick's lines in the log
            tick(self.deps)
            took = time.monotonic() - began
            self.deps.aside.wait(60)
            self.deps.publishing.wait(60)
        return took


@contextmanager
def world(name: str) -> Iterator[World]:
    before = os.environ.get("FIRESTORE_EMULATOR_HOST")
    memory, clock = Memory(), ManualClock(START)
    with firestore_emulator.running(name=f"firestore-bench-{name}") as address:
        os.environ["FIRESTORE_EMULATOR_HOST"] = address
        calls, port = server.serve(memory, 0, now_ns=lambda: round(clock.now() * 10**9))
        try:
            store = connected()
            store.commit(
                [
                    Write.create(f"applications/{SCOPE.application}", {"name": "main"}),
                    Write.create(SCOPE.path, {"hash_key": ""}),
                ]
            )
            sink = CloudMonitoring("demo", f"127.0.0.1:{port}")
            yield World(store, memory, clock, Deps(store, clock, sink))
        finally:
            server.stop(calls)
            os.environ.pop("FIRESTORE_EMULATOR_HOST", None)
            if before:
                os.environ["FIRESTORE_EMULATOR_HOST"] = before


def connected() -> Store:
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    return Store(firestore.Client(project="demo-bench", credentials=credentials))


def rows() -> Iterator[Row]:
    yield from at_size.rows()
    with world("idle") as idle:
        yield from costs(idle)
    with world("services") as many:
        yield services(many)


def costs(at: World) -> Iterator[Row]:
    """Of an hour in which nothing happens, and then of requests beside it."""
    at.minute()
    at.store.operations.clear()
    samples = at.memory.written
    for _ in range(IDLE_MINUTES):
        at.clock.advance(60)
        at.minute()
    idle, idle_samples = Counter(at.store.operations), at.memory.written - samples
    yield Row(
        "metrics.firestore_operations_per_idle_hour",
        _operations(idle),
        "operations",
        "<=",
        1_500,
        f"{idle['reads']} reads, {idle['writes']} writes of `tick` in one environment",
    )
    yield Row(
        "metrics.samples_per_idle_hour",
        idle_samples,
        "samples",
        "<=",
        180,
        "of a minute the heartbeat, the open incidents and the dead letters; nothing of what "
        "nobody uses",
    )
    yield from _busy(at, idle, idle_samples)


def _busy(at: World, idle: Counter[str], idle_samples: int) -> Iterator[Row]:
    chance, counted = random.Random(5), connected()
    recorder = Recorder(counted, at.clock)
    at.store.operations.clear()
    samples, requests = at.memory.written, 0
    for _ in range(BUSY_MINUTES):
        for _ in range(60 * A_SECOND):
            recorder.record(SCOPE, _request(chance, at.clock.now()))
            requests += 1
            at.clock.advance(1 / A_SECOND)
        at.minute()
    share = BUSY_MINUTES / IDLE_MINUTES
    ticks = _operations(at.store.operations) - share * _operations(idle)
    own = _operations(counted.operations)
    detail = (
        f"{A_SECOND} requests a second on one instance, two versions: its own "
        f"{1000 * own / requests:.0f}, and {1000 * ticks / requests:.0f} of `tick` beside those "
        "of an idle minute"
    )
    yield Row(
        "metrics.firestore_operations_per_1000_requests",
        1000 * (own + ticks) / requests,
        "operations",
        "<=",
        200,
        detail,
    )
    sent = at.memory.written - samples - share * idle_samples
    yield Row(
        "metrics.samples_per_1000_requests",
        1000 * sent / requests,
        "samples",
        "<=",
        100,
        f"{sent / BUSY_MINUTES:.0f} a minute for two versions, however many requests there are",
    )


def services(at: World) -> Row:
    """Each service with one version on one instance that serves ten requests in every slot."""
    for number in range(TICKS + 3):
        _fill(at, number)
        at.clock.advance(60)
    at.minute()
    took = []
    for number in range(TICKS):
        _fill(at, number + TICKS + 3)
        at.clock.advance(60)
        took.append(at.minute())
    windows = len(metric_store.load_minutes(at.store, SCOPE, at.clock.now() - 120))
    if windows < SERVICES:
        raise RuntimeError(f"Only {windows} minutes of {SERVICES} services were merged.")
    detail = f"one version each, the worst of {TICKS} on the emulator; all rules, and published"
    return Row("tick.seconds_500_services", max(took), "s", "<=", 10, detail)


def _fill(at: World, minute: int) -> None:
    """The six slots of a minute of all services, as instances would have written them."""
    chance = random.Random(minute)
    start = int(at.clock.now())
    writes = []
    for number in range(SERVICES):
        service, version = f"service-{number:03}", VERSIONS[0]
        seen = [_request(chance, start + n, service, version) for n in range(10)]
        some = tally.merge_all(map(tally.of, seen))
        for slot in range(start, start + 60, SLOT_SECONDS):
            key = SlotKey(SCOPE, slot, service, version, 3)
            writes.append(metric_store.slot_write(key, "i", some, slot + SLOT_SECONDS - 1))
    for first in range(0, len(writes), metric_store.BATCH):
        at.store.commit(writes[first : first + metric_store.BATCH], timeout=60)


def _request(
    chance: random.Random, at: float, service: str = "checkout", version: str = ""
) -> Observation:
    failed = chance.random() < 0.01
    return Observation(
        service=service,
        version=version or chance.choice(VERSIONS),
        generation=3,
        at=at,
        duration_ms=chance.lognormvariate(5, 0.7),
        code="INTERNAL" if failed else "OK",
        cause="internal" if failed else "none",
        user_hash=f"{chance.randrange(10**6):016x}",
        memory=0.4,
        cpu=0.3,
        concurrency=8,
    )


def _operations(counted: Counter[str]) -> int:
    return counted["reads"] + counted["writes"]
