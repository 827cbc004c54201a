"""Takes a batch of events: all of it, or none.

reporter → snapshot → what is wrong with the events? → arms → counted, in one commit
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeVar

from functions import log
from functions.clock import Clock
from functions.documents import Scope
from functions.errors import AlreadyExists, InvalidArgument, PayloadTooLarge
from functions.metrics.apps import attribution, batches, event
from functions.metrics.apps.attribution import Moment
from functions.metrics.apps.batches import Batch, Counted, Taken
from functions.metrics.apps.counting import Believed, count
from functions.metrics.apps.declared import AppMetric, read_all
from functions.metrics.apps.event import TOLD, Event, Problem, occurrence
from functions.metrics.apps.intake import MAXIMUM_WRITES, Intake
from functions.metrics.apps.moments import Moments
from functions.metrics.apps.trust import Caps, Source
from functions.published import canonical

METRICS = "metrics of apps"
UNATTRIBUTED = "flags whose arms get no events"
"""What is known of a snapshot is kept with it by these names."""


class Snapshot(Moment, Protocol):
    @property
    def declared(self) -> Mapping[str, Any]: ...

    @property
    def memo(self) -> dict[Any, Any]: ...

    def user_hash(self, uid: str, /) -> str: ...


S = TypeVar("S", bound=Snapshot, covariant=True)


class Snapshots(Protocol[S]):
    def get(self, scope: Scope, /) -> S: ...


class Reporter(Source, Protocol):
    @property
    def scope(self) -> Scope: ...


class Reception:
    """One a process: the snapshots of the last minutes and the caps of users, beside the intake."""

    def __init__(
        self, snapshots: Snapshots[Snapshot], intake: Intake, clock: Clock, caps: Caps | None = None
    ) -> None:
        self._snapshots = snapshots
        self._intake = intake
        self._clock = clock
        self._caps = caps or Caps()
        self._moments: dict[Scope, Moments[Snapshot]] = {}

    def take(self, reporter: Reporter, identifier: str, events: Sequence[Event]) -> Counted:
        """Counts a batch once, however often it comes.

        Raises InvalidArgument (what is wrong, event by event), AlreadyExists (other events came by
        this id), RateLimited, StoreUnavailable.
        """
        now = self._clock.now()
        snapshot = self._snapshots.get(reporter.scope)
        metrics = _metrics(snapshot)
        _require_sound(list(event.problems(events, metrics, now)))
        moments = self._noted(reporter.scope, snapshot, now)
        user = snapshot.user_hash(reporter.user) if reporter.user else ""
        believed = [
            Believed(
                occurrence(each, metrics[each.metric], now),
                self._caps.believes(reporter, each.context, now),
                user,
            )
            for each in events
        ]
        batch = Batch(
            scope=reporter.scope,
            path=batches.marker_path(reporter.scope, reporter.id, identifier),
            digest=_digest(snapshot, events),
            events=len(events),
            late=sum(each.occurrence.late for each in believed),
            counts=count(believed, moments),
        )
        _require_few(batch)
        settled = self._intake.count(batch)
        if isinstance(settled, Taken):
            raise AlreadyExists(
                "Other events were counted by this batch id.",
                remedy="Send each batch by an id of its own, and the same events by the same id.",
            )
        return settled

    def _noted(self, scope: Scope, snapshot: Snapshot, now: float) -> Moments[Snapshot]:
        _tell_unattributed(snapshot)
        moments = self._moments.get(scope, Moments()).noted(snapshot, now)
        self._moments[scope] = moments
        return moments


def _tell_unattributed(snapshot: Snapshot) -> None:
    """Once a generation of the flags and an instance: arms that get no events."""
    splits = len(snapshot.splits)
    if splits > attribution.MOST_SPLITS and snapshot.memo.get(UNATTRIBUTED) != splits:
        snapshot.memo[UNATTRIBUTED] = splits
        log.warning("events_not_attributed", splits=splits, most=attribution.MOST_SPLITS)


def _metrics(snapshot: Snapshot) -> Mapping[str, AppMetric]:
    """Read once for as long as they stay."""
    kept = snapshot.memo.get(METRICS)
    if kept is None or kept[0] is not snapshot.declared:
        kept = snapshot.memo[METRICS] = (snapshot.declared, read_all(snapshot.declared))
    metrics: Mapping[str, AppMetric] = kept[1]
    return metrics


def _require_few(batch: Batch) -> None:
    if len(batch.counts) > MAXIMUM_WRITES:
        raise PayloadTooLarge(
            f"The events of this batch add to {len(batch.counts):,} slots of 10 seconds; at most "
            f"{MAXIMUM_WRITES:,} fit into one commit.",
            remedy="Send it in parts, each of less than half a minute.",
        )


def _require_sound(found: Sequence[Problem]) -> None:
    if not found:
        return
    named = [each.to_json() for each in found[:TOLD]]
    told = "; ".join(f"{each['field']}: {each['expected']}" for each in named[:3])
    more = f" ({len(found):,} problems in all)" if len(found) > 3 else ""
    raise InvalidArgument(
        f"No event of this batch was counted. {told}{more}",
        remedy="Correct or leave out these events, and send the batch again.",
        extra={"problems": named},
    )


def _digest(snapshot: Snapshot, events: Sequence[Event]) -> str:
    """Tells batches apart without telling what is in them."""
    told = [[each.metric, each.value, each.at, dict(each.context)] for each in events]
    return snapshot.user_hash(canonical(told))
