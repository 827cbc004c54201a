"""Which versions are asked whether they are well, and where. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from functions.rollouts.rollout import Rollout
from functions.rollouts.traffic.intent import TAKEN_BACK
from functions.rollouts.traffic.serving import Serving

AFTERWARDS_SECONDS = 600.0
"""How long the version that users have again is asked after a rollback."""

MOST = 40
"""Versions that are asked in one look."""


@dataclass(frozen=True, order=True)
class Probed:
    """`service` and `version` are what its answer is counted for."""

    service: str
    version: str
    url: str


def probed(
    servings: Mapping[str, Serving], rollouts: Iterable[Rollout], now: float
) -> Sequence[Probed]:
    """Both versions of each rollout that splits; after a rollback, the one that is back."""
    found = set()
    for rollout in rollouts:
        serving = servings.get(rollout.service)
        if serving is None or not serving.health_url:
            continue
        for version in _versions(rollout, now):
            found.add(Probed(rollout.service, version, serving.health_of(version)))
    return sorted(found)[:MOST]


def _versions(rollout: Rollout, now: float) -> tuple[str, ...]:
    if rollout.state.splitting:
        return rollout.candidate, rollout.control
    ended = rollout.state.phase in TAKEN_BACK and rollout.shift is not None
    return (rollout.control,) if ended and now - rollout.decided_at < AFTERWARDS_SECONDS else ()
