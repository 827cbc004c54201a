"""Publishes closed minutes to Cloud Monitoring: each once, in order, by one publisher at a time.

ENV/publishing/cloud_monitoring holds the watermark (the last minute that is there), the minute
being attempted, and who attempts it until when:

    claim ──▶ send minute ──▶ watermark, next attempt ──▶ … ──▶ release
      │            │
      │            └ killed here, or no answer: whoever comes next asks Cloud Monitoring which
      │              series have that minute and sends the others only
      └ refused, or somebody else's and not expired: nothing to do

After an outage the minutes since the watermark follow, oldest first, up to 24 h; a minute of which
there is nothing to say is passed over. Everything ends within `seconds`, which is far less than a
claim lasts.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from functions import log
from functions.clock import Clock
from functions.documents import Document, Refused, Scope, Store, Write
from functions.errors import StoreUnavailable
from functions.metrics import series
from functions.metrics.cloud_monitoring import Sent, SinkUnavailable
from functions.metrics.due import Batch, Extra, due
from functions.metrics.series import METRICS, Metric, Point
from functions.metrics.windows import MINUTE_SECONDS, minute_start
from functions.published import timestamp

GRACE_SECONDS = 20
"""A minute is published when it has been over for so long: instances flush every few seconds."""

CLAIM_SECONDS = 60
BACK_FILL_SECONDS = 24 * 3600
LEAST_SECONDS = 0.2


class Sink(Protocol):
    """Where points go. See cloud_monitoring.py."""

    def prepare(self, metrics: Sequence[Metric], timeout: float) -> None: ...

    def write(self, scope: Scope, points: Sequence[Point], timeout: float) -> Sent: ...

    def present(
        self, scope: Scope, metrics: Sequence[Metric], end: int, timeout: float
    ) -> Collection[tuple[str, tuple[tuple[str, str], ...]]]: ...


@dataclass(frozen=True)
class Published:
    """Minutes and points sent, points refused for good, and what stopped it ("" for nothing)."""

    minutes: int = 0
    points: int = 0
    refused: int = 0
    problem: str = ""


def publish(
    store: Store,
    sink: Sink,
    clock: Clock,
    scope: Scope,
    extra: Callable[[], Extra] = Extra,
    *,
    seconds: float = 10.0,
) -> Published:
    """Publishes the minutes that are due; `extra` is asked once when some are.

    Raises nothing for Cloud Monitoring or Firestore in trouble: what was not sent stays due.
    """
    publisher = _Publisher(store, sink, clock, scope, extra, clock.monotonic() + seconds)
    try:
        publisher.run()
    except (SinkUnavailable, StoreUnavailable) as error:
        publisher.problem = str(error)
        publisher.release()
    except Refused:
        publisher.problem = "taken over"
    if publisher.problem or publisher.refused:
        log.warning(
            "publishing_trouble",
            application=scope.application,
            environment=scope.environment,
            problem=publisher.problem,
            refused=publisher.refused,
            reason=publisher.reason,
        )
    return Published(publisher.minutes, publisher.points, publisher.refused, publisher.problem)


def watermark(store: Store, scope: Scope) -> int | None:
    """The start of the last minute that was published; None before the first."""
    document = store.get(publishing_path(scope))
    return _seconds(document, "watermark") if document else None


def lag(store: Store, scope: Scope, now: float) -> float | None:
    """Seconds since the end of the last minute that was published; None before the first."""
    last = watermark(store, scope)
    return None if last is None else now - (last + MINUTE_SECONDS)


def publishing_path(scope: Scope) -> str:
    return scope.doc("publishing", "cloud_monitoring")


class _Publisher:
    """One run. It stops at its deadline, at trouble, or when its claim was taken over."""

    def __init__(
        self,
        store: Store,
        sink: Sink,
        clock: Clock,
        scope: Scope,
        extra: Callable[[], Extra],
        deadline: float,
    ) -> None:
        self._store = store
        self._sink = sink
        self._clock = clock
        self._scope = scope
        self._extra = extra
        self._deadline = deadline
        self._holder = secrets.token_hex(8)
        self._claimed = False
        self.minutes = 0
        self.points = 0
        self.refused = 0
        self.reason = ""
        self.problem = ""

    def run(self) -> None:
        now = self._clock.now()
        newest = minute_start(now - GRACE_SECONDS) - MINUTE_SECONDS
        document = self._store.get(publishing_path(self._scope))
        done = _seconds(document, "watermark") if document else newest - MINUTE_SECONDS
        done = max(done, newest - BACK_FILL_SECONDS)
        if done >= newest or (document and _seconds(document, "claimed_until") > now):
            return
        batches = due(self._store, self._scope, done + MINUTE_SECONDS, newest, self._extra())
        batch = next(batches, None)
        if batch is None:
            return
        attempted = _seconds(document, "attempting") if document else 0
        prepared = document.data["prepared"] if document else ""
        self._claim(document, done, batch.minute, prepared)
        if prepared != series.DEFINITIONS:
            self._sink.prepare(METRICS, self._remaining())
        while batch:
            if batch.minute == attempted:
                batch = self._missing(batch)
            if not self._send(batch.points):
                self.release()
                return
            following = next(batches, None)
            self._advance(batch.minute, following.minute if following else 0)
            batch = following

    def release(self) -> None:
        """Gives the claim back, with the attempt still noted; the next one finds out."""
        if self._claimed:
            try:
                self._write({"claimed_until": timestamp(0)})
            except (StoreUnavailable, Refused):
                log.warning("publishing_claim_not_released", holder=self._holder)

    def _claim(self, document: Document | None, done: int, first: int, prepared: str) -> None:
        data = {
            "watermark": timestamp(done),
            "attempting": timestamp(first),
            "holder": self._holder,
            "claimed_until": timestamp(self._clock.now() + CLAIM_SECONDS),
            "prepared": prepared,
        }
        path = publishing_path(self._scope)
        write = Write.update(document, data) if document else Write.create(path, data)
        self._store.commit([write])
        self._claimed = True

    def _send(self, points: Sequence[Point]) -> bool:
        """Whether the minute is done with: written, there already, or refused for good."""
        sent = self._sink.write(self._scope, points, self._timeout()) if points else Sent(0)
        self.points += sent.written
        self.refused += sent.refused
        self.reason = self.reason or sent.reason
        if sent.too_often:
            self.problem = "too often"
        return not sent.too_often

    def _missing(self, batch: Batch) -> Batch:
        """What of a minute is not there yet, when somebody may have sent it before."""
        metrics = list({point.metric.name: point.metric for point in batch.points}.values())
        end = batch.minute + MINUTE_SECONDS
        there = self._sink.present(self._scope, metrics, end, self._timeout())
        left = [point for point in batch.points if point.identity not in there]
        return Batch(batch.minute, left)

    def _advance(self, minute: int, following: int) -> None:
        goes_on = following and self._remaining() > LEAST_SECONDS
        self._write(
            {
                "watermark": timestamp(minute),
                "attempting": timestamp(following if goes_on else 0),
                "claimed_until": timestamp(self._clock.now() + CLAIM_SECONDS if goes_on else 0),
                "prepared": series.DEFINITIONS,
            }
        )
        self.minutes += 1
        if following and not goes_on:
            self._claimed = False
            raise SinkUnavailable("out of time")

    def _write(self, changes: dict[str, Any]) -> None:
        """Raises Refused when the claim was taken over."""
        document = self._store.get(publishing_path(self._scope))
        if document is None or document.data["holder"] != self._holder:
            self._claimed = False
            raise Refused("the claim was taken over")
        self._store.commit([Write.update(document, changes)])

    def _remaining(self) -> float:
        return self._deadline - self._clock.monotonic()

    def _timeout(self) -> float:
        """For the next call. Raises SinkUnavailable when there is no time for one."""
        remaining = self._remaining()
        if remaining <= LEAST_SECONDS:
            raise SinkUnavailable("out of time")
        return remaining


def _seconds(document: Document, field: str) -> int:
    return int(document.data[field].timestamp())
