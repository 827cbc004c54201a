"""Looks at the policies of a running server, minute by minute.

A minute is looked at once something of it, or newer, has arrived and nothing more has for a
moment; or when it has been over for so long that nothing will come. Minutes are looked at in order
and once. What arrives later is seen in the graphs, but opens nothing any more.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from local.monitoring.alerting.configuration import Configuration
from local.monitoring.alerting.incidents import Incident, Register
from local.monitoring.memory import NANOSECONDS, Series

MINUTE = 60
QUIET_SECONDS = 2.0
PATIENCE_SECONDS = 150.0
CATCH_UP_MINUTES = 10
LOOK_SECONDS = 1.0

log = logging.getLogger(__name__)


class Watch:
    """The register of incidents, kept up to date."""

    def __init__(self, configuration: Configuration) -> None:
        self.register = Register()
        self.lock = threading.RLock()
        self._configuration = configuration
        self._next: int | None = None
        self._ended = threading.Event()

    def look(self, at: float) -> list[Incident]:
        """Evaluates every policy as of a time (epoch seconds), whatever has been looked at."""
        with self.lock:
            policies, series = self._read()
            return self.register.look(policies, series, at)

    def follow(self, now: float) -> list[Incident]:
        """Looks at the minutes that are due at a time; what opened or closed."""
        if self._next is None:
            self._next = int(now // MINUTE) * MINUTE
        self._next = max(self._next, int(now // MINUTE) * MINUTE - CATCH_UP_MINUTES * MINUTE)
        changed = []
        while self._next <= now and self._due(self._next, now):
            changed += self.look(self._next)
            self._next += MINUTE
        return changed

    def run(
        self, now: Callable[[], float] = time.time, every: float = LOOK_SECONDS
    ) -> threading.Thread:
        """Follows until `end`, on a thread of its own that looks `every` so many seconds."""

        def follow() -> None:
            while not self._ended.wait(every):
                try:
                    self.follow(now())
                except Exception:
                    log.exception("The policies could not be evaluated; the next minute may be.")

        thread = threading.Thread(target=follow, name="monitoring-watch", daemon=True)
        thread.start()
        return thread

    def end(self) -> None:
        self._ended.set()

    def _due(self, minute: int, now: float) -> bool:
        if now - minute >= PATIENCE_SECONDS:
            return True
        with self._configuration.memory.lock:
            series = self._configuration.memory.series.values()
            known = [some.last for some in series if some.points]
        if not any(last.end >= minute * NANOSECONDS for last in known):
            return False
        return now - max(last.received for last in known) / NANOSECONDS >= QUIET_SECONDS

    def _read(self) -> tuple[list[object], list[Series]]:
        """What stands now, so that the server goes on while it is evaluated."""
        with self._configuration.memory.lock:
            policies: list[object] = list(self._configuration.policies.values())
            series = self._configuration.memory.series.values()
            return policies, [some.copy() for some in series]
