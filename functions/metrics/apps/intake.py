"""Counts batches of events into this instance's own slots, in one commit with their markers.

    batch ─▶ waits ─┬▶ one commit {slots, markers}, for all that wait ─▶ counted
    batch ─▶ waits ─┘        │                 │
                             │                 └ refused: a marker was there: that batch was counted
                             │                   before; the others go again at once
                             └ no answer: it may have been made or not. What was counted so far is
                               left under its name, and this instance goes on under another; the
                               client sends the same batch again, and its marker decides

So each batch counts once, whatever fails where. Commits are COMMIT_EVERY_SECONDS apart: no slot is
written more than once a second, and a busy instance needs one commit for many batches. Nothing runs
between requests: one of those who wait commits for all.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from functions import log
from functions.clock import Clock
from functions.documents import Refused, Store
from functions.errors import PalierError, RateLimited, StoreUnavailable
from functions.metrics import tally
from functions.metrics.apps import batches
from functions.metrics.apps.batches import Batch, Counted, Taken
from functions.metrics.apps.event import LATE_SECONDS
from functions.metrics.recorder import new_instance
from functions.metrics.store import SlotKey, slot_write
from functions.metrics.tally import Tally
from functions.metrics.windows import slot_start

COMMIT_EVERY_SECONDS = 1.0
COMMIT_SECONDS = 3.0
READ_SECONDS = 2.0
ATTEMPTS = 4
MAXIMUM_WAITING = 40
"""Half of the requests that an instance serves at once: flags are still evaluated beside."""

MAXIMUM_WRITES = 1_000
"""Of one commit; a batch of its own may have one more."""

OPEN_SECONDS = LATE_SECONDS + 60.0
"""A slot is added to for so long after its start; then it is given up for good."""

Settled = Counted | Taken


@dataclass
class _Waiting:
    """A batch whose reporter waits, and what came of it. `again` are those that came by the same
    marker meanwhile."""

    batch: Batch
    outcome: Settled | PalierError | None = None
    again: list[_Waiting] = field(default_factory=list)

    def tell_again(self) -> None:
        """What came of those that came again, once it is known what came of the first."""
        for each in self.again:
            same = each.batch.digest == self.batch.digest
            if isinstance(self.outcome, Counted):
                each.outcome = replace(self.outcome, duplicate=True) if same else Taken()
            else:
                each.outcome = self.outcome if same else _not_counted()


class Intake:
    """One per process, shared by its threads."""

    def __init__(
        self, store: Store, clock: Clock, instance: Callable[[], str] = new_instance
    ) -> None:
        """`instance` is asked on the first batch, in a forked process, and after a lost answer."""
        self._store = store
        self._clock = clock
        self._name_instance = instance
        self._instance = ""
        self._process = 0
        self._queue: list[_Waiting] = []
        self._waiting = 0
        self._lock = threading.Lock()
        """Of the queue, and of how many wait."""
        self._turn = threading.Lock()
        """Of the one who commits: slots, name and times are theirs."""
        self._slots: dict[SlotKey, Tally] = {}
        self._floor = 0
        self._committed_at = float("-inf")

    def count(self, batch: Batch) -> Settled:
        """Waits until the batch is counted. Raises RateLimited, or StoreUnavailable: then the same
        batch may be sent again."""
        waiting = _Waiting(batch)
        with self._lock:
            if self._waiting >= MAXIMUM_WAITING:
                raise _too_many()
            self._waiting += 1
            self._queue.append(waiting)
        try:
            return self._outcome(waiting)
        finally:
            with self._lock:
                self._waiting -= 1

    def _outcome(self, waiting: _Waiting) -> Settled:
        while waiting.outcome is None:
            with self._turn:
                if waiting.outcome is None:
                    self._commit_next()
        if isinstance(waiting.outcome, PalierError):
            raise waiting.outcome
        return waiting.outcome

    def _commit_next(self) -> None:
        """The next commit, for as many as fit; whatever happens, they are told."""
        self._know_process()
        pause = self._committed_at + COMMIT_EVERY_SECONDS - self._clock.monotonic()
        if pause > 0:
            self._clock.sleep(pause)
        group = self._next_group()
        try:
            self._settle(group)
        finally:
            self._fail(group, _unconfirmed())
            self._committed_at = self._clock.monotonic()
            for each in group:
                each.tell_again()

    def _settle(self, group: Sequence[_Waiting]) -> None:
        """Commits; what fails by itself and not for the store's sake takes no other batch with it:
        each half goes on alone."""
        try:
            self._commit(group)
        except PalierError as error:
            self._fail(group, error)
        except Exception as error:
            left = [each for each in group if each.outcome is None]
            if len(left) > 1:
                middle = len(left) // 2
                self._settle(left[:middle])
                self._settle(left[middle:])
            else:
                log.exception("events_not_counted", error)
                self._fail(left, _unconfirmed())

    def _next_group(self) -> list[_Waiting]:
        """Those who came first, each marker once, as many as one commit takes."""
        group: dict[str, _Waiting] = {}
        left: list[_Waiting] = []
        writes = 0
        with self._lock:
            for each in self._queue:
                size = len(each.batch.counts) + 1
                if each.batch.path in group:
                    group[each.batch.path].again.append(each)
                elif group and writes + size > MAXIMUM_WRITES:
                    left.append(each)
                else:
                    writes += size
                    group[each.batch.path] = each
            self._queue = left
        return list(group.values())

    def _commit(self, group: Sequence[_Waiting]) -> None:
        for _ in range(ATTEMPTS):
            group = [each for each in group if each.outcome is None]
            if not group:
                return
            now = self._clock.now()
            self._close(now)
            slots = self._with(group)
            writes = [
                *(slot_write(key, self._instance, some, now) for key, some in slots.items()),
                *(batches.marker(each.batch, now) for each in group),
            ]
            try:
                self._store.commit(writes, timeout=COMMIT_SECONDS)
            except Refused:
                self._tell_apart(group)
                continue
            except StoreUnavailable as error:
                self._leave_name()
                raise _unconfirmed() from error
            except BaseException:
                self._leave_name()
                raise
            self._slots.update(slots)
            for each in group:
                each.outcome = Counted(each.batch.events, each.batch.late)
            return
        raise _not_counted()

    def _with(self, group: Sequence[_Waiting]) -> Mapping[SlotKey, Tally]:
        """The slots that the group touches, as they are with it."""
        slots: dict[SlotKey, Tally] = {}
        for each in group:
            for place, one in each.batch.counts.items():
                start = max(place.start, self._floor)
                key = SlotKey(
                    each.batch.scope, start, place.service, place.version, place.generation
                )
                before = slots.get(key) or self._slots.get(key, tally.EMPTY)
                slots[key] = tally.merge(before, one)
        return slots

    def _tell_apart(self, group: Sequence[_Waiting]) -> None:
        """Settles those that were counted before. Raises StoreUnavailable."""
        paths = [each.batch.path for each in group]
        try:
            markers = batches.found(self._store, paths, READ_SECONDS)
        except StoreUnavailable as error:
            raise _not_counted() from error
        for each in group:
            document = markers.get(each.batch.path)
            if document is not None:
                each.outcome = batches.known(each.batch, document)

    def _close(self, now: float) -> None:
        """Gives up slots that nothing is added to any more; none is begun again afterwards."""
        self._floor = max(self._floor, slot_start(now - OPEN_SECONDS))
        for key in [key for key in self._slots if key.start < self._floor]:
            del self._slots[key]

    def _leave_name(self) -> None:
        """What may still be written under the old name is never written over."""
        self._instance = self._name_instance()
        self._slots.clear()

    def _know_process(self) -> None:
        if self._process != os.getpid():
            self._process = os.getpid()
            self._leave_name()

    def _fail(self, group: Sequence[_Waiting], error: PalierError) -> None:
        for each in group:
            if each.outcome is None:
                each.outcome = error


def _too_many() -> RateLimited:
    return RateLimited(
        f"{MAXIMUM_WAITING} batches wait on this instance already.",
        remedy="Send it again after the time named in Retry-After, and more events in one batch.",
        extra={"retry_after": 2},
    )


def _not_counted() -> StoreUnavailable:
    return StoreUnavailable(
        "The events can't be written right now: they were not counted.",
        remedy="Send the same batch again in a moment, by the same id.",
    )


def _unconfirmed() -> StoreUnavailable:
    return StoreUnavailable(
        "The events could not be written: nobody knows whether they were counted.",
        remedy="Send the same batch again, by the same id: it counts once.",
    )
