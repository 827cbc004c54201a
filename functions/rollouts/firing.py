"""The alerts that the last look found firing, for whoever asks between two looks."""

from __future__ import annotations

from functions.alerts.defined import RULES
from functions.alerts.in_force import in_force
from functions.alerts.watch import stored_alarms
from functions.definitions import Definitions
from functions.documents import Scope, Store
from functions.rollouts.in_turn import Alarms


def firing(store: Store, scope: Scope) -> Alarms:
    """By service and version, of the rules that are in force. Raises StoreUnavailable."""
    rules = in_force(Definitions(store, RULES).of(scope)[RULES])
    return stored_alarms(store, scope, rules).alarms
