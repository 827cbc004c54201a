"""What is left of services' error budgets, as it is stored: for who decides by it."""

from __future__ import annotations

from collections.abc import Collection

from functions.alerts.objectives import burn, store
from functions.alerts.objectives.objective import objectives_of
from functions.catalog import published
from functions.documents import Reads, Scope


def budgets_left(reads: Reads, scope: Scope, services: Collection[str]) -> dict[str, float | None]:
    """By service the least share that is left of its objectives' budgets; None when that isn't
    known of each of them, or it has none. Raises FailedPrecondition (damaged), StoreUnavailable."""
    if not services:
        return {}
    objectives, _ = objectives_of(published(reads, scope, store.OBJECTIVES))
    kept = store.kept(reads, scope, services)
    ledgers = store.of_objectives(objectives, kept)
    return {service: burn.least_left(objectives, ledgers, service) for service in services}
