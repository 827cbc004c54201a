"""Cloud Scheduler for a local Palier: the emulators register scheduled functions, but run none.

Each job is POSTed on the minute, with Cloud Scheduler's headers, and again when it failed. A run
may last longer than a minute, so each gets a thread of its own.
"""

from __future__ import annotations

import datetime
import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

MINUTE = 60.0
DEADLINE = 180.0  # seconds that a run may take: Cloud Scheduler's own default for HTTP
RETRIES = 5
BACKOFF = 5.0
"""Seconds between a failure and the next attempt, and how many there are: main.py's for `tick`."""


class Scheduler:
    """Runs one scheduled function every `period` seconds, and when asked to."""

    def __init__(self, name: str, url: str, period: float = MINUTE) -> None:
        self._name = name
        self._url = url
        self._period = period
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=f"scheduler-{name}", daemon=True)
        self.runs = 0
        self.failures: list[str] = []

    def run_now(self, deadline: float = DEADLINE) -> int:
        """One run, waited for. Returns the HTTP status; raises OSError when nobody answers."""
        request = urllib.request.Request(self._url, data=b"{}", method="POST")
        request.add_header("Content-Type", "application/json")
        request.add_header("X-CloudScheduler", "true")
        request.add_header("X-CloudScheduler-JobName", self._name)
        request.add_header("X-CloudScheduler-ScheduleTime", _now())
        self.runs += 1
        try:
            with urllib.request.urlopen(request, timeout=deadline) as answer:
                status: int = answer.status
                return status
        except urllib.error.HTTPError as error:
            return error.code

    def deliver(self) -> bool:
        """A run, attempted again when it fails or dies; whether an attempt went well. Each failure
        is kept."""
        for _ in range(1 + RETRIES):
            try:
                status = self.run_now()
            except (OSError, http.client.HTTPException) as error:
                problem = f"{error!r}"
            else:
                problem = "" if status < 300 else f"HTTP {status}"
            if not problem:
                return True
            if self._stop.is_set():
                return False
            self.failures.append(f"{_now()} {problem}")
            if self._stop.wait(BACKOFF):
                return False
        return False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """No further run begins. One that goes on is left to the server's end."""
        self._stop.set()
        self._thread.join()

    def _loop(self) -> None:
        while not self._stop.wait(self._period - time.time() % self._period):
            threading.Thread(target=self.deliver, name=f"run-{self._name}", daemon=True).start()


@contextmanager
def running(name: str, url: str, period: float = MINUTE) -> Iterator[Scheduler]:
    """Runs the function at `url` every `period` seconds while the block lasts."""
    scheduler = Scheduler(name, url, period)
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.stop()


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
