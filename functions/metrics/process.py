"""What this instance carries: memory, CPU, and requests at once.

The process is the container: one worker serves all requests, so its own CPU time is the
container's. Files are read and shares computed at most once a second; otherwise asking costs some
microseconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from functions.clock import Clock

LOOK_SECONDS = 1.0
LONGEST_SECONDS = 10.0
"""Nothing looks between requests. A share over a longer time would mostly be of doing nothing."""


class Use(Protocol):
    """Memory in use and its limit in bytes, 0 when unknown; the share of it, 0 to 1."""

    @property
    def used(self) -> int: ...

    @property
    def limit(self) -> int: ...

    @property
    def share(self) -> float: ...


@dataclass(frozen=True)
class Load:
    """As the fields of an Observation: `cpu` is None as long as it is not known."""

    memory: float
    memory_bytes: int
    memory_limit_bytes: int
    cpu: float | None
    concurrency: int


class Process:
    """One a process, shared by its threads.

    `memory` reads the container's memory, `cpus` is how many it was given (0.5 is half of one),
    `busy` the CPU seconds that the process has used so far, on all of its threads.
    """

    def __init__(
        self,
        memory: Callable[[], Use],
        clock: Clock,
        *,
        cpus: float = 1.0,
        busy: Callable[[], float] = time.process_time,
    ) -> None:
        self._read_memory = memory
        self._clock = clock
        self._cpus = cpus
        self._busy = busy
        self._lock = threading.Lock()
        self._at_once = 0
        self._looked_at = clock.monotonic()
        self._busy_then = busy()
        self._use: Use | None = None
        self._cpu: float | None = None

    def enter(self) -> Visit:
        """A request begins."""
        with self._lock:
            self._at_once += 1
            self._look()
            return Visit(self, self._at_once)

    def leave(self) -> None:
        """A request has ended. Called by its Visit, once."""
        with self._lock:
            self._at_once -= 1

    def load(self, concurrency: int = 0) -> Load:
        """What it carries now; `concurrency` is the most that is known of otherwise."""
        with self._lock:
            use = self._look()
            most = max(self._at_once, concurrency)
            return Load(use.share, use.used, use.limit, self._cpu, most)

    def _look(self) -> Use:
        now = self._clock.monotonic()
        elapsed = now - self._looked_at
        if self._use is not None and elapsed < LOOK_SECONDS:
            return self._use
        busy = self._busy()
        if elapsed > LONGEST_SECONDS:
            self._cpu = None
        elif elapsed >= LOOK_SECONDS:
            share = (busy - self._busy_then) / (elapsed * self._cpus)
            self._cpu = min(1.0, max(0.0, share))
        if elapsed >= LOOK_SECONDS:
            self._looked_at, self._busy_then = now, busy
        self._use = self._read_memory()
        return self._use


class Visit:
    """One request, from when it began."""

    def __init__(self, process: Process, at_once: int) -> None:
        self._process = process
        self._at_once = at_once
        self._here = True

    def load(self) -> Load:
        """What the instance carries, and the most requests at once when it began or now."""
        return self._process.load(self._at_once)

    def end(self) -> None:
        """It is over. Once is enough."""
        if self._here:
            self._here = False
            self._process.leave()
