"""What an environment's people defined of alerts, as the engine takes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.alerts.in_force import in_force
from functions.alerts.objectives.objective import Objective, objectives_of
from functions.alerts.rule import BURN_RATE, Rule
from functions.alerts.silence import Silence, silences_of
from functions.alerts.thresholds import BUILT_IN
from functions.metrics.performance import Score

RULES = "rules"
SILENCES = "silences"
SCORES = "scores"
OBJECTIVES = "objectives"
PARTS = (RULES, SILENCES, SCORES, OBJECTIVES)
"""The published parts that it is made of."""

Part = Mapping[str, Any]


@dataclass(frozen=True)
class Defined:
    """The rules in force, who is silent, how services are scored where somebody decided, and what
    they are to achieve."""

    rules: tuple[Rule, ...] = BUILT_IN
    silences: tuple[Silence, ...] = ()
    scores: Mapping[str, Score] = field(default_factory=dict)
    objectives: tuple[Objective, ...] = ()


def defined(parts: Mapping[str, Part]) -> Defined:
    objectives = objectives_of(parts.get(OBJECTIVES, {}))
    rules = in_force(parts.get(RULES, {}))
    return Defined(
        rules if objectives else tuple(rule for rule in rules if rule.metric != BURN_RATE),
        silences_of(parts.get(SILENCES, {})),
        scores_of(parts.get(SCORES, {})),
        objectives,
    )


def scores_of(published: Part) -> dict[str, Score]:
    """How services are scored, by service."""
    return {
        service: Score(each["target_ms"], each["error_weight"])
        for service, each in published.items()
    }
