"""Collection of metrics is restarted: for when minutes are missing in Cloud Monitoring.

The publisher's claim is released, so that the next `tick` publishes; descriptors are created where
they are missing; and the last minutes are summed up again from their slots. Nothing is published
twice: the watermark stays, and what was attempted is looked for first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from functions.changes import Decision, Entry, View
from functions.documents import Document, Scope, Store, Write
from functions.metrics.minutes import sum_again
from functions.metrics.publish import publishing_path
from functions.metrics.windows import MINUTE_SECONDS, minute_start
from functions.published import timestamp

MOST_MINUTES = 300
"""Of earlier ones slots may have expired: their sums would become smaller."""


@dataclass(frozen=True)
class Publishing:
    """How publishing stood: the end of the last minute that is published, None before the first,
    and whether somebody was at it."""

    through: float | None
    claimed: bool


@dataclass(frozen=True)
class Summed:
    """How many minutes were looked at, and how many of their sums were not as they ought to be."""

    minutes: int
    changed: int


def release(view: View) -> Decision:
    """For `commit_change`: whoever publishes now is stopped, and the next one starts from scratch.
    Its result is the Publishing that it found."""
    document = view.get(publishing_path(view.scope))
    found = _found(document, view.now)
    writes = []
    if document:
        freed = {"holder": "", "claimed_until": timestamp(0), "prepared": ""}
        writes = [Write.update(document, freed)]
    before: dict[str, Any] = {"through": found.through, "claimed": found.claimed}
    entry = Entry("metrics.restart_collection", "publishing/cloud_monitoring", before=before)
    return Decision(writes=writes, entries=[entry], result=found)


def sum_up(store: Store, scope: Scope, now: float, minutes: int) -> Summed:
    """The closed minutes of the last so many, once more. Raises StoreUnavailable."""
    newest = minute_start(now) - MINUTE_SECONDS
    starts = [newest - n * MINUTE_SECONDS for n in range(minutes)]
    return Summed(minutes, sum(sum_again(store, scope, start) for start in starts))


def _found(document: Document | None, now: float) -> Publishing:
    if document is None:
        return Publishing(None, claimed=False)
    data = document.data
    through = data["watermark"].timestamp() + MINUTE_SECONDS
    return Publishing(through, claimed=data["claimed_until"].timestamp() > now)
