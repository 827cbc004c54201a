"""One message on its way to one channel, and what follows from each attempt. Pure.

due → (claimed, sent) → delivered
                      → due again, later and later, for a day → dead
                      → dead at once: the channel takes no such message, or is gone
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from functions.alerts.channels.outcome import Became, Outcome
from functions.alerts.message import Event, Message
from functions.published import timestamp

PAUSES = (10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0)
"""Seconds after the first failed attempt, the second, …; the last one again and again."""

JITTER = 0.2
GIVEN_UP_SECONDS = 86_400.0
CLAIM_SECONDS = 60.0
"""How long nobody else sends what somebody is sending. Longer than any attempt may take."""

ATTEMPT_SECONDS = 20.0
"""What an attempt may take, at most: with less of a claim left none begins."""

SAME_MOMENT_SECONDS = 1e-5
"""Firestore keeps microseconds."""

IN_ORDER = (Event.NEWS, Event.TRIGGER, Event.UPDATE, Event.ACKNOWLEDGE, Event.RESOLVE)
"""Of messages of the same moment."""


class Status(StrEnum):
    DUE = "due"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True)
class Delivery:
    """
    created_at   when the message was written: the order in which a channel is told
    since        when the attempts began: given up a day later
    due_at       when it is tried next; None once it has ended
    attempts     begun ones: who died during one has made it
    reason       why the last attempt failed
    """

    message: str
    channel: str
    about: str
    event: Event
    severity: str
    created_at: float
    since: float
    due_at: float | None
    status: Status = Status.DUE
    attempts: int = 0
    reason: str = ""
    ended_at: float | None = None

    @property
    def id(self) -> str:
        return f"{self.message}_{self.channel}"

    @property
    def place(self) -> tuple[float, int, str]:
        """Where it stands in the order of its channel."""
        return self.created_at, IN_ORDER.index(self.event), self.message

    def due(self, now: float) -> bool:
        return self.due_at is not None and self.due_at <= now + SAME_MOMENT_SECONDS

    def claimed(self, now: float) -> Delivery:
        return replace(self, attempts=self.attempts + 1, due_at=now + CLAIM_SECONDS)

    def held(self, now: float) -> bool:
        """Whether enough of the claim is left for an attempt."""
        return self.due_at is not None and now + ATTEMPT_SECONDS <= self.due_at

    def after(self, outcome: Outcome, now: float, luck: float) -> Delivery:
        """What it is after an attempt. `luck` (0..1) spreads the next ones."""
        if outcome.became is Became.TAKEN:
            return self._ended(Status.DELIVERED, outcome.reason, now)
        if outcome.became is not Became.LATER or now - self.since >= GIVEN_UP_SECONDS:
            return self._ended(Status.DEAD, outcome.reason, now)
        wait = max(pause(self.attempts, luck), outcome.wait or 0.0)
        return replace(self, due_at=now + wait, reason=outcome.reason)

    def again(self, now: float) -> Delivery:
        """A dead one, tried anew."""
        return replace(self, status=Status.DUE, since=now, due_at=now, attempts=0, ended_at=None)

    def _ended(self, status: Status, reason: str, now: float) -> Delivery:
        return replace(self, status=status, reason=reason, due_at=None, ended_at=now)

    def to_document(self, expires_at: float) -> dict[str, Any]:
        data: dict[str, Any] = {
            "message": self.message,
            "channel": self.channel,
            "about": self.about,
            "event": self.event.value,
            "severity": self.severity,
            "created_at": timestamp(self.created_at),
            "since": timestamp(self.since),
            "due_at": None if self.due_at is None else timestamp(self.due_at),
            "status": self.status.value,
            "attempts": self.attempts,
            "reason": self.reason,
            "ended_at": None if self.ended_at is None else timestamp(self.ended_at),
            "expires_at": timestamp(expires_at),
        }
        return data

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Delivery:
        return Delivery(
            message=data["message"],
            channel=data["channel"],
            about=data["about"],
            event=Event(data["event"]),
            severity=data["severity"],
            created_at=data["created_at"].timestamp(),
            since=data["since"].timestamp(),
            due_at=_seconds(data["due_at"]),
            status=Status(data["status"]),
            attempts=data["attempts"],
            reason=data["reason"],
            ended_at=_seconds(data["ended_at"]),
        )

    def to_view(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "message": self.message,
            "channel": self.channel,
            "about": self.about,
            "event": self.event.value,
            "severity": self.severity,
            "created_at": self.created_at,
            "status": self.status.value,
            "attempts": self.attempts,
            "due_at": self.due_at,
            "ended_at": self.ended_at,
            "reason": self.reason,
        }


def of_message(message: Message, channel: str, created_at: float, now: float) -> Delivery:
    return Delivery(
        message=message.id,
        channel=channel,
        about=message.about,
        event=message.event,
        severity=message.severity,
        created_at=created_at,
        since=now,
        due_at=now,
    )


def pause(attempts: int, luck: float) -> float:
    """Seconds before the next attempt, after so many."""
    usual = PAUSES[min(attempts, len(PAUSES)) - 1]
    return usual * (1 - JITTER + 2 * JITTER * luck)


def waiting(opened: Sequence[Delivery]) -> list[Delivery]:
    """The open deliveries of a channel in the order in which it is told."""
    return sorted(opened, key=lambda each: each.place)


def overtaken(found: Delivery, others: Iterable[Delivery]) -> Delivery | None:
    """A later one to the same channel, about the same matter, that one tried anew would contradict:
    it was delivered, or it is the end. A beginning that comes after it would open what nobody ends.
    News opens nothing.
    """
    if found.event is Event.NEWS:
        return None
    for each in others:
        same = (each.channel, each.about) == (found.channel, found.about)
        said = each.status is Status.DELIVERED or each.event is Event.RESOLVE
        if same and said and each.event is not Event.NEWS and each.place > found.place:
            return each
    return None


def _seconds(value: Any) -> float | None:
    return None if value is None else float(value.timestamp())
