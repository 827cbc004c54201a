"""Alerts as the engine stores them, and looks that follow them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from functions.alerts import store as alert_store
from functions.alerts.incidents import store as incident_store
from functions.alerts.incidents.follow import History, follow, nothing_done
from functions.alerts.incidents.incident import Incident
from functions.alerts.measures import Key
from functions.alerts.rule import Rule
from functions.alerts.state import FIRING, RESOLVED, State
from functions.alerts.thresholds import BUILT_IN
from functions.documents import Scope, Store, Write

NOW = 1_800_000_000.0
BY_ID = {rule.id: rule for rule in BUILT_IN}


@dataclass
class World:
    store: Store
    scope: Scope = field(default_factory=lambda: Scope("main", "staging"))
    now: float = NOW
    history: History = nothing_done

    def fires(self, name: str = "p1-error-rate", arm: str = "1.3.0") -> None:
        self._put(name, arm, FIRING)

    def ends(self, name: str = "p1-error-rate", arm: str = "1.3.0", status: str = RESOLVED) -> None:
        self._put(name, arm, status)

    def mute(self, reason: str, since: float, name: str = "p1-error-rate") -> None:
        """Nobody is told of it any more; "" for that they are told again."""
        self._put(name, "1.3.0", FIRING, since=since, muted=reason)

    def look(self, store: Store | None = None, *, firing: bool = True) -> list[Incident]:
        return follow(
            store or self.store,
            self.scope,
            BUILT_IN,
            self.now,
            firing=firing,
            history=self.history,
        )

    def incidents(self) -> list[Incident]:
        """Newest first."""
        return incident_store.listed(self.store, self.scope, "", 100)

    def messages(self) -> list[dict[str, Any]]:
        """Oldest first."""
        found = self.store.query(self.scope.collection("outbox"), order_by="created_at")
        ordered = sorted(found, key=lambda each: (each.data["created_at"], each.id))
        return [{"id": each.id, **each.data} for each in ordered]

    def titles(self) -> list[str]:
        return [each["texts"]["en"][0] for each in self.messages()]

    def _put(
        self, name: str, arm: str, status: str, *, since: float = 0.0, muted: str = ""
    ) -> None:
        rule: Rule = BY_ID[name]
        state = State(
            Key(name, "stories", arm), rule.severity, status, since or self.now, rule.threshold,
            value=rule.threshold * 2, requests=100, failures=10, muted=muted,
        )  # fmt: skip
        document = self.store.get(alert_store.path(self.scope, state.key))
        stored = {state.key: document} if document else {}
        [write] = alert_store.writes(self.scope, stored, [state], self.now).values()
        self.store.commit([Write.set(write.path, write.data)])
