"""The two clocks."""

from __future__ import annotations

import time

from functions.clock import ManualClock, SystemClock


def test_a_manual_clock_moves_when_told() -> None:
    clock = ManualClock(100.0)
    clock.sleep(2.5)
    clock.advance(1)
    assert (clock.now(), clock.monotonic()) == (103.5, 103.5)


def test_the_system_clock_is_the_machine_s() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    clock.sleep(0.001)
    assert clock.monotonic() > before
    assert abs(clock.now() - time.time()) < 1
