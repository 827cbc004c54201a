"""What an environment's people defined of alerts, as the engine takes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.alerts.in_force import in_force
from functions.alerts.rule import Rule
from functions.alerts.silence import Silence, silences_of
from functions.alerts.thresholds import BUILT_IN
from functions.metrics.performance import Score

RULES = "rules"
SILENCES = "silences"
SCORES = "scores"
PARTS = (RULES, SILENCES, SCORES)
"""The published parts that it is made of."""

Part = Mapping[str, Any]


@dataclass(frozen=True)
class Defined:
    """The rules in force, who is silent, and how services are scored where somebody decided."""

    rules: tuple[Rule, ...] = BUILT_IN
    silences: tuple[Silence, ...] = ()
    scores: Mapping[str, Score] = field(default_factory=dict)


def defined(parts: Mapping[str, Part]) -> Defined:
    return Defined(
        in_force(parts.get(RULES, {})),
        silences_of(parts.get(SILENCES, {})),
        scores_of(parts.get(SCORES, {})),
    )


def scores_of(published: Part) -> dict[str, Score]:
    """How services are scored, by service."""
    return {
        service: Score(each["target_ms"], each["error_weight"])
        for service, each in published.items()
    }
