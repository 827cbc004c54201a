"""What was usual at this hour, kept in the process: an hour's sums are read once.

A rule that compares with the last N days costs N queries an hour, whatever the number of services,
and none in between. What was computed of a service is computed once an hour as well.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from functions.documents import Scope, Store
from functions.metrics import hour_store, hours
from functions.metrics.hours import HOUR_SECONDS, Baseline
from functions.metrics.windows import Window

KEPT_HOURS = 2
"""Around an hour's turn one thread may still be at the hour before."""


class _Of(NamedTuple):
    """Whose baseline."""

    scope: Scope
    service: str
    kind: str
    days: int


@dataclass
class _Hour:
    """What is known for one hour: sums by service, by the start that they are of."""

    sums: dict[tuple[Scope, int], Mapping[str, Sequence[Window]]] = field(default_factory=dict)
    baselines: dict[_Of, Baseline] = field(default_factory=dict)


class Baselines:
    """One a process, for all its threads. Under the lock nothing is read: two threads that need the
    same at once both read it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._held: dict[int, _Hour] = {}

    def of(self, scope: Scope, service: str, version: str, days: int, at: float) -> Baseline:
        """What was usual of a service in the hour of `at`, on so many days before it, for one of
        its versions (hours.baseline). Raises StoreUnavailable, ValueError (days).
        """
        starts = hours.baseline_hours(at, days)
        asked = _Of(scope, service, hours.kind(version), days)
        hour = self._hour(hours.hour_start(at))
        with self._lock:
            known = hour.baselines.get(asked)
        if known is None:
            sums = [self._sums(hour, scope, start) for start in starts]
            some = [window for each in sums for window in each.get(service, ())]
            known = hours.baseline(some, service, at, days, version)
            with self._lock:
                hour.baselines[asked] = known
        return known

    def _hour(self, start: int) -> _Hour:
        """The others of another time are needed again tomorrow at the earliest."""
        with self._lock:
            hour = self._held.pop(start, None) or _Hour()
            self._held[start] = hour  # the last that was asked for is the last that goes
            while len(self._held) > KEPT_HOURS:
                del self._held[next(iter(self._held))]
            return hour

    def _sums(self, hour: _Hour, scope: Scope, start: int) -> Mapping[str, Sequence[Window]]:
        with self._lock:
            known = hour.sums.get((scope, start))
        if known is None:
            pages = hour_store.between(
                self._store, scope, hour_store.HOURS, start, start + HOUR_SECONDS
            )
            known = hours.by_service(window for page in pages for window in page)
            with self._lock:
                hour.sums[scope, start] = known
        return known
