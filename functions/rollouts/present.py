"""What is known of one rollout at this moment, for whoever asks between two looks."""

from __future__ import annotations

from dataclasses import dataclass

from functions.alerts.defined import RULES
from functions.alerts.in_force import in_force
from functions.alerts.watch import stored_alarms
from functions.definitions import Definitions
from functions.documents import Scope, Store
from functions.rollouts.advance import look_at
from functions.rollouts.look import Look
from functions.rollouts.rollout import Rollout
from functions.rollouts.traffic.gate import Standing
from functions.rollouts.traffic.serving import COLLECTION as SERVING
from functions.rollouts.traffic.serving import servings_of
from functions.rollouts.traffic.stand import Standings, standings, undefined


@dataclass(frozen=True, slots=True)
class Present:
    """`look` is what the judge says now, None while nobody gets the candidate; `traffic` how it
    stands to Cloud Run's."""

    look: Look | None
    traffic: Standing


def present(store: Store, scope: Scope, rollout: Rollout, now: float) -> Present:
    """With the alerts that the last look found firing. Raises StoreUnavailable."""
    definitions = Definitions(store, RULES, SERVING)
    parts = definitions.of(scope)
    alarms = stored_alarms(store, scope, in_force(parts[RULES])).alarms
    traffic: Standings = undefined
    if not definitions.unknown(scope, SERVING):
        traffic = standings(store, scope, servings_of(parts[SERVING]))
    found = look_at(store, scope, rollout, now, alarms, traffic)
    return Present(found, traffic(rollout, now))
