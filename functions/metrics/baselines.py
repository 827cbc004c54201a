"""What was usual at this hour, kept in the process: an hour's sums are read once.

A rule that compares with the last N days costs N queries an hour, whatever the number of services,
and none in between.
"""

from __future__ import annotations

from functions.documents import Scope, Store
from functions.metrics import hour_store, hours
from functions.metrics.hours import DAY_SECONDS, HOUR_SECONDS, Baseline
from functions.metrics.windows import Window


class Baselines:
    """One a process."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: dict[tuple[Scope, int], list[Window]] = {}

    def of(self, scope: Scope, service: str, version: str, days: int, at: float) -> Baseline:
        """What was usual of a service in the hour of `at`, on so many days before it, for one of
        its versions (hours.baseline). Raises StoreUnavailable, ValueError (days).
        """
        starts = hours.baseline_hours(at, days)
        self._forget(hours.hour_start(at))
        some = [window for start in starts for window in self._hour(scope, start)]
        return hours.baseline(some, service, at, days, version)

    def _hour(self, scope: Scope, start: int) -> list[Window]:
        key = (scope, start)
        if key not in self._held:
            pages = hour_store.between(
                self._store, scope, hour_store.HOURS, start, start + HOUR_SECONDS
            )
            self._held[key] = [window for page in pages for window in page]
        return self._held[key]

    def _forget(self, hour: int) -> None:
        """The hours of another time of the day are needed again tomorrow at the earliest."""
        for key in [key for key in self._held if (hour - key[1]) % DAY_SECONDS]:
            del self._held[key]
