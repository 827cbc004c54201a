"""A line to Firestore that breaks anywhere: what clients send until it is accepted counts once."""

from __future__ import annotations

import itertools
import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from functions.clock import SystemClock
from functions.documents import Store, Write
from functions.errors import StoreUnavailable
from functions.metrics.apps import intake as intake_module
from functions.metrics.apps.intake import Intake
from tests.emulator.conftest import store_at
from tests.emulator.metrics.apps.numbered import counted, numbered
from tests.emulator.proxy import proxy

CLOCK = SystemClock()
BATCHES = 40
TRIES = 60


@pytest.mark.parametrize("breaks", ["as it is asked", "as it answers"])
def test_each_batch_counts_once(
    store: Store, firestore_emulator: str, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    monkeypatch.setattr(intake_module, "COMMIT_EVERY_SECONDS", 0.05)
    store.commit([Write.set("the/first", {})])
    chance = random.Random(1)
    broken = itertools.count()

    def accepted(intake: Intake, number: int) -> bool:
        for _ in range(TRIES):
            with suppress(StoreUnavailable):
                intake.count(numbered(number, CLOCK.now()))
                return True
        return False

    with proxy(firestore_emulator) as line, store_at(line.address, store._client.project) as far:
        intake = Intake(far, CLOCK)
        intake.count(numbered(0, CLOCK.now()))

        def cut(_: bytes) -> None:
            if chance.random() < 0.08:
                next(broken)
                line.cut()
                line.down = False  # the next connection works

        if breaks == "as it is asked":
            line.on_request = cut
        else:
            line.on_answer = cut
        with ThreadPoolExecutor(8) as pool:
            done = list(pool.map(lambda number: accepted(intake, number), range(1, BATCHES + 1)))
        line.on_request = line.on_answer = None
    assert all(done)
    assert next(broken) >= 3, "it would prove nothing if nothing broke"
    found = counted(store, CLOCK.now())
    assert (found.count, found.sum) == (BATCHES + 1, sum(range(BATCHES + 1)))
