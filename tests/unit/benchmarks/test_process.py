"""What a process holds is read where the system tells it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from benchmarks.process import MEGABYTE, Held, held_by, megabytes_a_minute, worker_of

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc here")


def test_sockets_and_threads_are_counted() -> None:
    before = held_by(os.getpid())
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    with socket.socket(), socket.socket():
        during = held_by(os.getpid())
    done.set()
    thread.join()
    assert (during.sockets - before.sockets, during.threads - before.threads) == (2, 1)
    assert held_by(os.getpid()).sockets == before.sockets


def test_memory_and_time_spent_are_told() -> None:
    before = held_by(os.getpid())
    kept = bytearray(64 * MEGABYTE)
    while time.process_time() < before.cpu + 0.05:
        kept[0] ^= 1
    after = held_by(os.getpid())
    assert after.resident - before.resident > 32 * MEGABYTE
    assert after.cpu > before.cpu


def test_the_one_worker_is_found() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as parent:
        until = time.monotonic() + 10
        found = 0
        while not found and time.monotonic() < until:
            try:
                found = worker_of(parent.pid)
            except RuntimeError:
                time.sleep(0.02)
        assert found not in (0, parent.pid)
        parent.communicate(b"\n", timeout=10)
    with pytest.raises(RuntimeError, match="0 workers"):
        worker_of(parent.pid)


@pytest.mark.parametrize("slope", [0.0, 0.8, -3.0])
def test_a_rise_in_memory_is_its_slope(slope: float) -> None:
    samples = [
        Held(second, int((100 + slope * second / 60) * MEGABYTE), 1, 1, 0.0)
        for second in range(120)
    ]
    assert megabytes_a_minute(samples) == pytest.approx(slope, abs=1e-3)
