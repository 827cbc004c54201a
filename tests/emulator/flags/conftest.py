"""Changes to flags on the Firestore emulator, in short words."""

from __future__ import annotations

from typing import Any

from functions.changes import Change, Decision, Outcome, View, commit_change
from functions.clock import Clock, SystemClock
from functions.documents import Scope, Store
from functions.identity import Actor, Permission

SCOPE = Scope("main", "testing")
OTHER = Scope("main", "demo")
OPERATOR = Actor.operator("tests")


def definition(default: str = "off", **more: Any) -> dict[str, Any]:
    return {
        "state": "ENABLED",
        "variants": {"on": True, "off": False},
        "defaultVariant": default,
        **more,
    }


def commit(store: Store, decide: Any, scope: Scope = SCOPE, clock: Clock | None = None) -> Outcome:
    change = Change(scope, OPERATOR, Permission.EDIT_FLAGS, "a test")
    return commit_change(store, clock or SystemClock(), change, decide)


def publish(store: Store, parts: dict[str, Any], scope: Scope = SCOPE) -> Outcome:
    """Publishes parts as they are."""

    def decide(_view: View) -> Decision:
        return Decision(parts=parts)

    return commit(store, decide, scope)
