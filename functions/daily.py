"""Maintenance, once a day: what has had its time goes, flags that have had theirs are reported.
Each part is tried again tomorrow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from functions import log
from functions.alerts import events, outbox
from functions.alerts.incidents import store as incidents
from functions.alerts.objectives.report_scorecard import report_scorecard
from functions.alerts.objectives.store import BUDGETS
from functions.alerts.report_stale import report_stale_flags
from functions.changes import pointer_path
from functions.clock import Clock
from functions.documents import Document, Refused, Scope, Store, Write
from functions.flags import counts, sums
from functions.flags.manage.schedule_store import COLLECTION as SCHEDULES
from functions.metrics import store as metrics
from functions.metrics import sum_hours
from functions.metrics.apps import batches
from functions.published import timestamp
from functions.rollouts.after.archive_metrics import archive_metrics
from functions.rollouts.after.remind import remind_of_lessons
from functions.rollouts.ended import ended
from functions.stories.limits import cap, quota
from functions.tick import environments

DAY = 86_400.0
PARTS_KEPT_SECONDS = 30 * DAY
SCHEDULES_KEPT_SECONDS = 90 * DAY
EVIDENCE_KEPT_SECONDS = 7 * DAY
"""Evidence of a running rollout is renewed every minute."""

A_DAY = 1_000
"""Documents deleted a day and kind, at most: the rest follows tomorrow."""


def daily(store: Store, clock: Clock) -> None:
    """Looks after every environment. Raises StoreUnavailable at its beginning."""
    for scope in environments(store):
        with log.bound(application=scope.application, environment=scope.environment):
            # Before the minutes that it is made of have expired.
            _attempt("archive rollouts", partial(archive_metrics, store, scope, clock.now()))
            for what, clean_up in WORK:
                _attempt(f"clean up {what}", partial(clean_up, store, scope, clock.now()))
            _attempt("remind of lessons", partial(remind_of_lessons, store, scope, clock.now()))
            _attempt("report stale flags", partial(report_stale_flags, store, scope, clock.now()))
            _attempt(
                "report the scorecard",
                partial(report_scorecard, store, scope, clock.now(), ended),
            )


def delete_old_parts(store: Store, scope: Scope, now: float) -> int:
    """Deletes the parts of snapshots of long ago, but none that the current one is made of."""
    pointer = store.get(pointer_path(scope))
    current = set(pointer.data["parts"].values()) if pointer else set()
    before = timestamp(now - PARTS_KEPT_SECONDS)
    old = _oldest(store, scope, "parts", "published_at", before)
    return _delete(store, [part for part in old if part.id not in current])


def delete_old_evidence(store: Store, scope: Scope, now: float) -> int:
    """Deletes the evidence of rollouts that ended: their verdicts are kept with them."""
    before = round(now - EVIDENCE_KEPT_SECONDS)
    return _delete(store, _oldest(store, scope, "evidence", "through", before))


def delete_old_schedules(store: Store, scope: Scope, now: float) -> int:
    """Deletes scheduled changes that ended long ago: the audit trail keeps what they did."""
    before = timestamp(now - SCHEDULES_KEPT_SECONDS)
    return _delete(store, _oldest(store, scope, SCHEDULES, "ended_at", before))


def delete_old_counts(store: Store, scope: Scope, now: float) -> int:
    """Deletes what was counted of evaluations long ago, and what nobody summed up in time."""
    return metrics.delete_expired(store, scope, now, (counts.COLLECTION, sums.COLLECTION))


def delete_old_budgets(store: Store, scope: Scope, now: float) -> int:
    """Deletes what was counted for objectives that were removed long ago."""
    return metrics.delete_expired(store, scope, now, (BUDGETS,))


def delete_old_quotas(store: Store, scope: Scope, now: float) -> int:
    """Deletes users' hours that nobody looks at any more, and the caps of long ago."""
    return metrics.delete_expired(store, scope, now, (quota.COLLECTION, cap.COLLECTION))


WORK: Sequence[tuple[str, Callable[[Store, Scope, float], int]]] = (
    ("slots and windows", metrics.cleanup),
    ("hours and days", sum_hours.cleanup),
    ("budgets of services without objectives", delete_old_budgets),
    ("batches of events", batches.cleanup),
    ("outbox", outbox.cleanup),
    ("events of alerts", events.cleanup),
    ("incidents", incidents.cleanup),
    ("parts", delete_old_parts),
    ("evidence", delete_old_evidence),
    ("schedules", delete_old_schedules),
    ("counts of evaluations", delete_old_counts),
    ("quotas and caps of stories", delete_old_quotas),
)


def _oldest(
    store: Store, scope: Scope, collection: str, field: str, before: object
) -> list[Document]:
    return store.query(
        scope.collection(collection), [(field, "<", before)], order_by=field, limit=A_DAY
    )


def _delete(store: Store, documents: Sequence[Document]) -> int:
    """One by one and conditionally: what was written again meanwhile is needed, and stays."""
    deleted = 0
    for document in documents:
        try:
            store.commit([Write.delete(document)])
        except Refused:
            continue
        deleted += 1
    return deleted


def _attempt(what: str, job: Callable[[], int]) -> None:
    """`job` says how many documents were deleted, rollouts archived or without lessons, or flags
    are stale."""
    try:
        log.info("daily: done", what=what, number=job())
    except Exception as error:
        log.exception(f"daily: could not {what}", error)
