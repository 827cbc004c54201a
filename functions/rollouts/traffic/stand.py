"""How rollouts stand to Cloud Run's traffic, as it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from functions.documents import Reads, Scope
from functions.rollouts.rollout import Rollout
from functions.rollouts.traffic import gate
from functions.rollouts.traffic import store as traffic
from functions.rollouts.traffic.gate import UNCONCERNED, Standing, standing
from functions.rollouts.traffic.record import Record
from functions.rollouts.traffic.serving import Serving

Standings = Callable[[Rollout, float], Standing]
"""How a rollout stands, at a time."""


def unconcerned(_rollout: Rollout, _now: float) -> Standing:
    """Where nothing runs in Cloud Run."""
    return UNCONCERNED


def standings(reads: Reads, scope: Scope, servings: Mapping[str, Serving]) -> Standings:
    """Reads what is known of the services that run in Cloud Run, at once. Raises
    StoreUnavailable."""
    concerned = {name: each for name, each in servings.items() if each.cloud_run}
    if not concerned:
        return unconcerned
    kept = traffic.kept(reads, scope, concerned)

    def of(rollout: Rollout, now: float) -> Standing:
        serving = concerned.get(rollout.service)
        if serving is None:
            return UNCONCERNED
        return standing(rollout, serving, kept[serving.service].record, now)

    return of


def undefined(rollout: Rollout, _now: float) -> Standing:
    """Where nobody can read which services run in Cloud Run."""
    return gate.undefined(rollout)


def unknown(servings: Mapping[str, Serving]) -> Standings:
    """Where nothing could be read: a start waits, and nothing else is held up."""

    def of(rollout: Rollout, now: float) -> Standing:
        return standing(rollout, servings.get(rollout.service), Record(rollout.service), now)

    return of
