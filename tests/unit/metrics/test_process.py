"""What an instance carries is read rightly, and at little cost."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.clock import ManualClock, SystemClock
from functions.metrics.process import Process
from functions.stories.limits.memory import ContainerMemory, MemoryUse


class Machine:
    """CPU seconds used so far, and memory that fills."""

    def __init__(self) -> None:
        self.busy = 0.0
        self.used = 100
        self.looks = 0

    def memory(self) -> MemoryUse:
        self.looks += 1
        return MemoryUse(self.used, 1_000)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_800_000_000.0)


def process(machine: Machine, clock: ManualClock, cpus: float = 1.0) -> Process:
    return Process(machine.memory, clock, cpus=cpus, busy=lambda: machine.busy)


def test_memory_is_read_once_a_second(machine: Machine, clock: ManualClock) -> None:
    some = process(machine, clock)
    assert some.load().memory == 0.1
    machine.used = 250
    clock.advance(0.9)
    assert some.load().memory_bytes == 100
    clock.advance(0.1)
    load = some.load()
    assert (load.memory, load.memory_bytes, load.memory_limit_bytes) == (0.25, 250, 1_000)
    assert machine.looks == 2


@pytest.mark.parametrize(
    ("cpus", "busy", "share"),
    [(1.0, 0.5, 0.25), (2.0, 0.5, 0.125), (1.0, 9.0, 1.0), (1.0, 0.0, 0.0)],
    ids=["one", "two", "more than it has", "idle"],
)
def test_the_share_of_the_cpus_since_the_last_look(
    machine: Machine, clock: ManualClock, cpus: float, busy: float, share: float
) -> None:
    some = process(machine, clock, cpus)
    assert some.load().cpu is None, "nothing is known yet"
    clock.advance(2)
    machine.busy += busy
    assert some.load().cpu == pytest.approx(share)
    clock.advance(0.5)
    machine.busy += 0.5
    assert some.load().cpu == pytest.approx(share), "not yet a second later"


def test_a_long_rest_is_no_reading(machine: Machine, clock: ManualClock) -> None:
    some = process(machine, clock)
    clock.advance(600)
    machine.busy += 3
    visit = some.enter()
    assert visit.load().cpu is None
    clock.advance(2)
    machine.busy += 1
    assert visit.load().cpu == pytest.approx(0.5)


def test_requests_at_once_are_the_most_while_one_is_here(
    machine: Machine, clock: ManualClock
) -> None:
    some = process(machine, clock)
    first, second = some.enter(), some.enter()
    third = some.enter()
    third.end()
    third.end()
    assert first.load().concurrency == 2
    assert third.load().concurrency == 3
    first.end()
    second.end()
    assert some.load().concurrency == 0
    assert some.enter().load().concurrency == 1


def test_threads_lose_no_request(machine: Machine, clock: ManualClock) -> None:
    some = process(machine, clock)

    def visit(_: int) -> None:
        for _ in range(200):
            here = some.enter()
            here.load()
            here.end()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(visit, range(8)))
    assert some.load().concurrency == 0


def test_it_costs_a_request_less_than_a_tenth_of_a_millisecond() -> None:
    some = Process(ContainerMemory(0).read, SystemClock())
    started = time.thread_time()
    for _ in range(1_000):
        visit = some.enter()
        visit.load()
        visit.end()
    assert (time.thread_time() - started) / 1_000 < 1e-4


def test_the_cpu_time_of_a_process_is_seen() -> None:
    clock = ManualClock(1_800_000_000.0)
    some = Process(ContainerMemory(0).read, clock)
    began = time.process_time()
    while time.process_time() - began < 0.05:
        pass
    clock.advance(1)
    found = some.load().cpu
    assert found is not None
    assert 0.05 <= found <= 1
