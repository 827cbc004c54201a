"""Hours and days in Firestore.

ENV/hours/{start}_{service}_{version}   sums of minutes, kept for 90 days
ENV/days/{start}_{service}_{version}    sums of hours, kept for two years
ENV/publishing/hours                    the next hour that is to be summed up

Every query asks for one field only: `start`, or `series`, which is the service and the start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from functions.documents import Document, Scope, Store, Write, document_id
from functions.metrics.hours import (
    DAY_SECONDS,
    DAYS_KEPT_SECONDS,
    HOUR_SECONDS,
    HOURS_KEPT_SECONDS,
)
from functions.metrics.store import window_of
from functions.metrics.windows import MINUTE_SECONDS, Window
from functions.published import timestamp

HOURS = "hours"
DAYS = "days"
SECONDS = {HOURS: HOUR_SECONDS, DAYS: DAY_SECONDS}
KEPT = {HOURS: HOURS_KEPT_SECONDS, DAYS: DAYS_KEPT_SECONDS}

PAGE = 1_000
"""A minute's document takes some kilobytes, and a read has 3 s."""


def progress_path(scope: Scope) -> str:
    return scope.doc("publishing", "hours")


def progress_data(due: int) -> dict[str, object]:
    """`due` is the start of the next hour that is to be summed up."""
    return {"due": timestamp(due)}


def due_hour(document: Document) -> int:
    return int(document.data["due"].timestamp())


def first_minute(store: Store, scope: Scope) -> int | None:
    """The start of the oldest minute that is kept; None without any."""
    found = store.query(scope.collection("windows"), order_by="start", limit=1)
    return int(found[0].data["start"].timestamp()) if found else None


def minutes_between(store: Store, scope: Scope, since: int, until: int) -> Iterator[list[Window]]:
    """The minutes that start in [since, until), in pages."""
    return _pages(store, scope, "windows", MINUTE_SECONDS, (since, until))


def between(
    store: Store, scope: Scope, collection: str, since: int, until: int
) -> Iterator[list[Window]]:
    """The hours or days that start in [since, until), of all services, in pages."""
    return _pages(store, scope, collection, SECONDS[collection], (since, until))


def of_service(
    store: Store, scope: Scope, collection: str, service: str, since: int
) -> Iterator[list[Window]]:
    """Those of one service that start at `since` or later, in pages, oldest first."""
    where = [("series", ">=", series(service, since)), ("series", "<", f"{service}@~")]
    return _found(store, scope, collection, SECONDS[collection], where, "series")


def sum_write(scope: Scope, collection: str, window: Window) -> Write:
    """The same content whoever computes it."""
    name = document_id(window.start, window.service, window.version)
    data = {
        "start": timestamp(window.start),
        "series": series(window.service, window.start),
        "service": window.service,
        "version": window.version,
        "generation": window.generation,
        "tally": window.tally.to_text(),
        "expires_at": timestamp(window.start + KEPT[collection]),
    }
    return Write.set(scope.doc(collection, name), data)


def series(service: str, start: int) -> str:
    """Sorts by service and then by time: the seconds since the epoch have ten digits till 2286."""
    return f"{service}@{start:010d}"


def _pages(
    store: Store, scope: Scope, collection: str, seconds: int, span: tuple[int, int]
) -> Iterator[list[Window]]:
    where = [("start", ">=", timestamp(span[0])), ("start", "<", timestamp(span[1]))]
    return _found(store, scope, collection, seconds, where, "start")


def _found(
    store: Store,
    scope: Scope,
    collection: str,
    seconds: int,
    where: Sequence[tuple[str, str, object]],
    field: str,
) -> Iterator[list[Window]]:
    after: tuple[object, ...] = ()
    while True:
        documents = store.query(
            scope.collection(collection), where, order_by=field, limit=PAGE, after=after
        )
        yield [window_of(document, seconds) for document in documents]
        if len(documents) < PAGE:
            return
        after = (documents[-1].data[field], documents[-1].id)
