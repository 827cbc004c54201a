"""Sums up the hours that are over, and the days, oldest first: each from what is stored, so whoever
does it, however often, comes to the same.

    minutes of the hour ──▶ hours ──▶ at a day's end: hours of the day ──▶ days ──▶ the next is due

What is due moves on last, and only when nobody else has moved it: a run that dies anywhere, or that
two make at once, leaves nothing out and counts nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from functions.clock import Clock
from functions.documents import Document, Refused, Scope, Store, Write
from functions.metrics import hour_store, hours, store
from functions.metrics.hour_store import DAYS, HOURS
from functions.metrics.hours import DAY_SECONDS, GRACE_SECONDS, HOUR_SECONDS
from functions.metrics.store import BATCH
from functions.metrics.windows import Window

HOURS_A_RUN = 24


def sum_hours(
    metrics: Store, clock: Clock, scope: Scope, *, seconds: float = 10.0, most: int = HOURS_A_RUN
) -> int:
    """How many hours were summed up. Raises StoreUnavailable: then the rest stays due.

    `seconds` is how long it may take before it leaves the rest to the next run.
    """
    until = clock.monotonic() + seconds
    document = metrics.get(hour_store.progress_path(scope))
    due = _first_due(metrics, scope, document)
    done = 0
    while due is not None and due + HOUR_SECONDS + GRACE_SECONDS <= clock.now():
        if done == most or clock.monotonic() >= until:
            break
        _sum_up(metrics, scope, due)
        due += HOUR_SECONDS
        try:
            document = _move_on(metrics, scope, document, due)
        except Refused:
            break
        done += 1
    return done


def cleanup(metrics: Store, scope: Scope, now: float) -> int:
    """Deletes hours and days that have expired; how many. For `daily`."""
    return store.delete_expired(metrics, scope, now, (HOURS, DAYS))


def _first_due(metrics: Store, scope: Scope, document: Document | None) -> int | None:
    if document is not None:
        return hour_store.due_hour(document)
    oldest = hour_store.first_minute(metrics, scope)
    return None if oldest is None else hours.hour_start(oldest)


def _sum_up(metrics: Store, scope: Scope, hour: int) -> None:
    summed: list[Window] = []
    for page in hour_store.minutes_between(metrics, scope, hour, hour + HOUR_SECONDS):
        summed = hours.hours([*summed, *page])
    _write(metrics, scope, HOURS, summed)
    if (hour + HOUR_SECONDS) % DAY_SECONDS:
        return
    day: list[Window] = []
    for page in hour_store.between(
        metrics, scope, HOURS, hours.day_start(hour), hour + HOUR_SECONDS
    ):
        day = hours.days([*day, *page])
    _write(metrics, scope, DAYS, day)


def _write(metrics: Store, scope: Scope, collection: str, sums: Sequence[Window]) -> None:
    for first in range(0, len(sums), BATCH):
        group = sums[first : first + BATCH]
        metrics.commit([hour_store.sum_write(scope, collection, window) for window in group])


def _move_on(metrics: Store, scope: Scope, document: Document | None, due: int) -> Document | None:
    path, data = hour_store.progress_path(scope), hour_store.progress_data(due)
    metrics.commit([Write.update(document, data) if document else Write.create(path, data)])
    return metrics.get(path)
