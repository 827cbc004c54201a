"""Archives what was measured of rollouts, before their minutes are deleted.

    rollouts that run or ended lately, their events → the minutes of each day since the last time
    → one write a rollout and day

A function of stored minutes: who runs it twice adds nothing twice, and who dies in between leaves
the rest to tomorrow. Minutes are kept for 30 days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from functions import log
from functions.documents import Refused, Scope, Store
from functions.metrics import hour_store
from functions.metrics.hours import DAY_SECONDS, hour_start
from functions.metrics.store import WINDOWS_KEPT_SECONDS
from functions.metrics.windows import Window
from functions.rollouts.after import archive_store
from functions.rollouts.after.archive import Archive, Stretch, Whose, added, stretches
from functions.rollouts.after.archive_store import Kept
from functions.rollouts.rollout import Rollout
from functions.rollouts.store import events

GRACE_SECONDS = 600
"""After this no minute changes any more."""


@dataclass(frozen=True, slots=True)
class _Due:
    """A rollout that is to be archived further."""

    rollout: Rollout
    found: Sequence[Stretch]
    kept: Kept


def archive_metrics(store: Store, scope: Scope, now: float) -> int:
    """How many rollouts were archived further. Raises StoreUnavailable."""
    through = hour_start(now - GRACE_SECONDS)
    due = _due(store, scope, now, through)
    start = min((each.kept.archive.through for each in due), default=through)
    while start < through:
        end = min(start + DAY_SECONDS, through)
        minutes = [
            minute
            for page in hour_store.minutes_between(store, scope, start, end)
            for minute in page
            if _wanted(minute, due)
        ]
        due = [_archived(store, scope, each, minutes, end) for each in due]
        start = end
    return len(due)


def _due(store: Store, scope: Scope, now: float, through: int) -> list[_Due]:
    """Those that users have had and whose archives don't reach so far, without what is done."""
    oldest = hour_start(now - WINDOWS_KEPT_SECONDS)
    rollouts = [
        each for each in archive_store.lately(store, scope, oldest) if each.shift is not None
    ]
    known = archive_store.kept(store, scope, [each.id for each in rollouts])
    due = []
    for rollout in rollouts:
        kept = known.get(rollout.id)
        if kept and (kept.archive.done or kept.archive.through >= through):
            continue
        found = stretches(events(store, scope, rollout.id))
        if not found:
            continue
        began = max(oldest, hour_start(found[0].since))
        kept = kept or Kept(None, Archive(rollout.id, began))
        archive = replace(kept.archive, through=max(began, kept.archive.through))
        due.append(_Due(rollout, found, replace(kept, archive=archive)))
    return due


def _wanted(minute: Window, due: Sequence[_Due]) -> bool:
    return any(_whose(each.rollout).name(minute.arm) for each in due)


def _archived(
    store: Store, scope: Scope, due: _Due, minutes: Sequence[Window], through: int
) -> _Due:
    """With the minutes before `through`, written."""
    before = due.kept.archive
    if before.through >= through or before.done:
        return due
    after = added(before, _whose(due.rollout), due.found, minutes, through)
    after = replace(after, done=_over(due.rollout, through))
    try:
        store.commit([archive_store.write(scope, due.kept.document, after)])
    except Refused:
        log.info("rollout archived by another run", rollout=due.rollout.id)
    return replace(due, kept=_read(store, scope, due.rollout.id, due.kept))


def _over(rollout: Rollout, through: int) -> bool:
    """Whether it has ended, and all that was served before is in the archive."""
    return not rollout.state.running and through >= rollout.decided_at + GRACE_SECONDS


def _whose(rollout: Rollout) -> Whose:
    return Whose(rollout.arms.candidate, rollout.arms.control)


def _read(store: Store, scope: Scope, identifier: str, otherwise: Kept) -> Kept:
    found: Mapping[str, Kept] = archive_store.kept(store, scope, [identifier])
    return found.get(identifier, otherwise)
