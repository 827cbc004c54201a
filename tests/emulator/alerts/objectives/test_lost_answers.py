"""A minute is in a budget once, however often the line breaks while it is written."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from google.cloud import firestore

from functions.alerts.objectives.keep import Budgets
from functions.documents import Store
from functions.errors import StoreUnavailable
from tests.emulator.alerts.objectives.test_keep import (
    BOTH,
    SCOPE,
    at,
    expected,
    put_minute,
    recent,
    whole,
)
from tests.emulator.conftest import store_at
from tests.emulator.proxy import Proxy, proxy

MINUTES = 24


@pytest.fixture
def line(firestore_emulator: str) -> Iterator[Proxy]:
    with proxy(firestore_emulator) as between:
        yield between


def test_a_line_that_breaks_before_and_after_commits(
    line: Proxy, store: Store, firestore_client: firestore.Client
) -> None:
    """Two processes on a bad line, and one on a good one, which comes now and then."""
    chance = random.Random(5)
    lost = 0

    def cut(_data: bytes) -> None:
        if chance.random() < 0.1:
            line.cut()

    with store_at(line.address, str(firestore_client.project)) as far:
        processes = [Budgets(far), Budgets(far), Budgets(store)]
        for process in processes:
            process.advance(SCOPE, BOTH, recent(1), at(0))
        line.on_request = line.on_answer = cut
        for minute in range(MINUTES):
            put_minute(store, minute)
            for process in processes[: 3 if minute % 3 == 2 else 2]:
                try:
                    process.advance(SCOPE, BOTH, recent(minute + 1), at(minute))
                except StoreUnavailable:
                    lost += 1
                line.down = False
    assert lost > 3
    found = Budgets(store).advance(SCOPE, BOTH, recent(MINUTES), at(MINUTES - 1))
    assert whole(found["up"]) == expected(range(MINUTES))
