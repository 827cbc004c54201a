"""An environment with channels and routes, messages for them, and time that moves when told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.alerts import outbox
from functions.alerts.channels.catalog import CHANNELS, ROUTES
from functions.alerts.channels.send import Sender
from functions.alerts.channels.store import secrets_path
from functions.alerts.channels.transport import Transport
from functions.alerts.message import ENGLISH, FRENCH, Event, Message, Text
from functions.alerts.outbox import Delivered
from functions.alerts.outbox.delivery import Delivery
from functions.alerts.outbox.store import DELIVERIES, listed
from functions.catalog import put
from functions.changes import Change, commit_change
from functions.clock import ManualClock
from functions.documents import Scope, Store, Write
from functions.identity import Actor, Permission

SCOPE = Scope("main", "production")
NOW = 1_800_000_000.0
SENDER = Sender(Transport(local=True, seconds=0.5), "https://example.com/repo/blob/main")
WEBHOOK_SECRET = "whsec_" + "A" * 32


def message(name: str, event: Event = Event.NEWS, about: str = "rollouts/r1") -> Message:
    return Message(
        id=name,
        event=event,
        severity="P1",
        about=about,
        texts={ENGLISH: Text(f"About {name}", "It is so."), FRENCH: Text(name, "C'est ainsi.")},
        facts={"service": "stories", "requests": 100},
        runbook="docs/runbooks/p1-error-rate.md",
    )


class Office:
    def __init__(self, store: Store, now: float = NOW) -> None:
        self.store = store
        self.clock = ManualClock(now)

    def channel(
        self, name: str, url: str, kind: str = "slack", secrets: Mapping[str, Any] | None = None
    ) -> None:
        given = {"url": url, **(secrets or {})}
        if kind == "webhook":
            given.setdefault("signing_secrets", [WEBHOOK_SECRET])
        self.define(CHANNELS, name, {"kind": kind})
        self.store.commit([Write.set(secrets_path(SCOPE, name), given)])

    def route(self, name: str, *channels: str, **only: Any) -> None:
        self.define(ROUTES, name, {"channels": list(channels), **only})

    def define(self, catalog: Any, name: str, definition: Mapping[str, Any]) -> None:
        change = Change(SCOPE, Actor.operator("test"), Permission.EDIT_ALERTS, "a test")
        commit_change(self.store, self.clock, change, put(catalog, name, definition))

    def write(self, *messages: Message) -> None:
        """Each a moment after the other."""
        for each in messages:
            self.clock.advance(0.001)
            self.store.commit([outbox.enqueue(SCOPE, each, self.clock.now())])

    def look(self, sender: Sender = SENDER) -> Delivered:
        return outbox.deliver(self.store, self.clock, SCOPE, sender)

    def looks(self, seconds: float, every: float = 10.0) -> list[Delivered]:
        """As `tick` does it, for so long."""
        seen = []
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            seen.append(self.look())
            self.clock.advance(every)
        return seen

    def deliveries(self) -> dict[str, Delivery]:
        return {each.id: each for each in listed(self.store, SCOPE, {}, 500)}

    def statuses(self) -> dict[str, str]:
        return {name: each.status.value for name, each in self.deliveries().items()}

    def count(self) -> int:
        return self.store.count(SCOPE.collection(DELIVERIES))
