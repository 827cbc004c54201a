"""The verb of `daily` that computes the scorecard, and how it is kept.

    ENV/reports/scorecard   the rows, when and through which day, and the values of the last 90 days

It is a function of the sums of days and of the rollouts, so running it twice changes nothing.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any

from functions.alerts.objectives.scorecard import (
    LONG_AGO_SECONDS,
    PERIOD_SECONDS,
    Releases,
    Seen,
    scorecard,
    with_today,
)
from functions.documents import Document, Reads, Refused, Scope, Store, Write
from functions.metrics import hour_store
from functions.metrics.hour_store import DAYS
from functions.metrics.hours import DAY_SECONDS, day_start
from functions.metrics.windows import Window
from functions.published import timestamp

Ended = Callable[[Reads, Scope, float, float], Releases]
"""The rollouts that ended between two times. Handed in: the room of rollouts knows."""


def report_scorecard(store: Store, scope: Scope, now: float, ended: Ended) -> int:
    """How many rows have a value. Raises StoreUnavailable."""
    until = _through(store, scope, now)
    seen = Seen(
        now=_days(store, scope, until),
        before=_days(store, scope, until - PERIOD_SECONDS),
        long_ago=_days(store, scope, until - LONG_AGO_SECONDS),
        releases=ended(store, scope, until - PERIOD_SECONDS, until),
        releases_before=ended(store, scope, until - 2 * PERIOD_SECONDS, until - PERIOD_SECONDS),
    )
    rows = scorecard(seen)
    document = store.get(path(scope))
    history = json.loads(document.data["history"]) if document else {}
    last = datetime.datetime.fromtimestamp(until - DAY_SECONDS, datetime.UTC).date().isoformat()
    data = {
        "at": timestamp(now),
        "until": timestamp(until),
        "rows": json.dumps([row.to_document() for row in rows]),
        "history": json.dumps(with_today(history, last, rows)),
    }
    try:
        write = Write.update(document, data) if document else Write.create(path(scope), data)
        store.commit([write])
    except Refused:
        pass  # somebody else has just computed the same
    return sum(row.value is not None for row in rows)


def path(scope: Scope) -> str:
    return scope.doc("reports", "scorecard")


def shown(document: Document | None) -> dict[str, Any]:
    """As it is told; before the first one was computed, every row without data."""
    if document is None:
        rows = [row.to_document() for row in scorecard(Seen((), (), ()))]
        return {"at": None, "until": None, "rows": rows, "history": {}}
    data = document.data
    return {
        "at": data["at"].timestamp(),
        "until": data["until"].timestamp(),
        "rows": json.loads(data["rows"]),
        "history": json.loads(data["history"]),
    }


def _through(store: Store, scope: Scope, now: float) -> int:
    """The end of the last day that is summed up."""
    document = store.get(hour_store.progress_path(scope))
    return day_start(hour_store.due_hour(document) if document else now)


def _days(store: Store, scope: Scope, until: int) -> list[Window]:
    pages = hour_store.between(store, scope, DAYS, until - PERIOD_SECONDS, until)
    return [window for page in pages for window in page]
