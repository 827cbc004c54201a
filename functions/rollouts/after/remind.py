"""The verb of `daily` that reminds people to write down what rollouts taught: once a week."""

from __future__ import annotations

from contextlib import suppress

from functions.alerts import outbox
from functions.documents import Refused, Scope, Store
from functions.rollouts.after import archive_store, lessons
from functions.rollouts.after.reminder import ASKED_SECONDS, of_missing, owes


def remind_of_lessons(store: Store, scope: Scope, now: float) -> int:
    """How many rollouts have none. Raises StoreUnavailable."""
    lately = archive_store.lately(store, scope, now - ASKED_SECONDS)
    owing = [rollout for rollout in lately if owes(rollout, now)]
    written = lessons.written(store, scope, [rollout.id for rollout in owing])
    missing = [rollout for rollout in owing if rollout.id not in written]
    message = of_missing(missing, now)
    if message:
        with suppress(Refused):  # this week's stands already
            store.commit([outbox.enqueue(scope, message, now)])
    return len(missing)
