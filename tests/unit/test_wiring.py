"""What is built once a process, for threads that ask at once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.wiring import once


def test_threads_that_ask_at_once_get_the_same() -> None:
    together = threading.Barrier(8)
    built: list[object] = []

    def build() -> object:
        built.append(object())
        return built[-1]

    ask = once(build)

    def asked() -> object:
        together.wait(timeout=5)
        return ask()

    with ThreadPoolExecutor(8) as threads:
        given = [future.result() for future in [threads.submit(asked) for _ in range(8)]]
    assert len(built) == 1
    assert set(given) == set(built)


def test_what_is_built_does_not_wait_for_something_slow() -> None:
    go_on = threading.Event()
    quick = once(lambda: "ready")
    slow = once(lambda: go_on.wait(timeout=10))
    assert quick() == "ready"
    with ThreadPoolExecutor(2) as threads:
        building = threads.submit(slow)
        asked = threads.submit(quick)
        assert asked.result(timeout=2) == "ready"
        go_on.set()
        assert building.result(timeout=5)


def test_what_could_not_be_built_is_tried_again() -> None:
    tries: list[int] = []

    def build() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise OSError
        return "built"

    ask = once(build)
    with pytest.raises(OSError):
        ask()
    assert (ask(), ask(), len(tries)) == ("built", "built", 2)


WARMED = """
import sys, threading
import functions.api, functions.callables, functions.wiring as wiring
adapter = "functions.stories.model.transport"
assert not {"openai", adapter} & set(sys.modules), "imported with the bundle"
wiring.studio()
for thread in threading.enumerate():
    if thread.name == "warming":
        thread.join(20)
assert {"openai", adapter} <= set(sys.modules), "left to the first story"
"""


def test_a_process_that_tells_stories_makes_the_models_client_by_itself() -> None:
    """And none that doesn't: the library is imported when stories are first asked for."""
    given = {"FIRESTORE_EMULATOR_HOST": "127.0.0.1:1", "GCLOUD_PROJECT": "demo-nowhere"}
    done = subprocess.run(
        [sys.executable, "-c", WARMED],
        env={**os.environ, **given, "OPENAI_API_KEY": "sk-none"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
