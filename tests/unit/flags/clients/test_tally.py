"""Counting is exact, whatever threads do."""

from __future__ import annotations

import sys
import threading
from collections import Counter as Total
from collections.abc import Iterator

import pytest

from functions.flags.clients.tally import Counter, Tally

THREADS = 8
EACH = 5_000


@pytest.fixture(autouse=True)
def hurried() -> Iterator[None]:
    """Threads are switched as often as can be."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_a_counter_gives_what_is_new() -> None:
    counter = Counter()
    assert counter.take() == 0
    for _ in range(3):
        counter.add()
    assert [counter.take(), counter.take()] == [3, 0]
    counter.add()
    assert counter.take() == 1


def test_nothing_is_lost_or_counted_twice_while_it_is_taken() -> None:
    tally = Tally()
    labels = ("on", "off", "", "!GENERAL")
    taken: Total[str] = Total()

    def count(number: int) -> None:
        for turn in range(EACH):
            tally.counter("f", labels[(number + turn) % len(labels)])()

    threads = [threading.Thread(target=count, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        taken.update(tally.take().get("f", {}))
    taken.update(tally.take().get("f", {}))
    assert taken == dict.fromkeys(labels, THREADS * EACH // len(labels))
    assert tally.take() == {}


def test_when_it_was() -> None:
    tally = Tally()
    tally.saw(10.0)
    tally.saw(12.0)
    assert (tally.first_at, tally.last_at) == (10.0, 12.0)
    tally.take()
    tally.saw(20.0)
    assert (tally.first_at, tally.last_at) == (20.0, 20.0)
