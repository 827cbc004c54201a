"""A clock of the test's own, and a Cloud Monitoring that runs on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from functions.clock import ManualClock
from local.monitoring.rules import Limits
from tests.emulator.metrics.published import START, Monitoring


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(float(START))


@pytest.fixture
def monitoring(clock: ManualClock) -> Iterator[Monitoring]:
    running = Monitoring(clock, Limits(period=10))
    yield running
    running.down()
