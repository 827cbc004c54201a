"""Functions as functions-framework serves them, each call a new instance."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import firebase_admin
import functions_framework
import pytest
from werkzeug.test import Client

import functions
from functions.clock import SystemClock

FRESH = ("wiring", "api", "admin", "callables")
Serve = Callable[[str], Client]


class ShiftedClock(SystemClock):
    """The machine's time, and as much later as a test says."""

    shift = 0.0

    def now(self) -> float:
        return super().now() + self.shift

    def monotonic(self) -> float:
        return super().monotonic() + self.shift


CLOCK = ShiftedClock()
ROOM_MB = 64 * 1024
"""The process of a long test run is larger than an instance may be: it must not count as one."""


@contextmanager
def instances(project: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """What starts an instance of a function, by its name."""
    monkeypatch.setenv("GCLOUD_PROJECT", project)
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:1")
    for variable in ("FUNCTION_TARGET", "FUNCTION_SIGNATURE_TYPE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setattr(CLOCK, "shift", 0.0)
    endings: list[Callable[[], Any]] = []
    register = atexit.register

    def end_with_the_instance(work: Callable[..., Any], *given: Any, **named: Any) -> Any:
        if not str(work.__module__).startswith("functions."):
            return register(work, *given, **named)
        endings.append(work)
        return work

    monkeypatch.setattr(atexit, "register", end_with_the_instance)
    kept = {f"functions.{name}": sys.modules.get(f"functions.{name}") for name in FRESH}

    def start(function: str) -> Client:
        _forget()
        firebase_admin._apps.clear()
        from functions import wiring

        wiring.CLOCK = CLOCK
        app = functions_framework.create_app(function, "main.py", "http")  # type: ignore[no-untyped-call]
        wiring.STORY_MEMORY_MB = ROOM_MB
        return Client(app)

    yield start
    for end in endings:
        end()
    _forget()
    for name, module in kept.items():
        if module is not None:
            sys.modules[name] = module
            setattr(functions, name.rpartition(".")[2], module)
    firebase_admin._apps.clear()


def _forget() -> None:
    """What an instance builds once: the next one builds it anew."""
    sys.modules.pop("main", None)
    for name in FRESH:
        sys.modules.pop(f"functions.{name}", None)
        if hasattr(functions, name):
            delattr(functions, name)
