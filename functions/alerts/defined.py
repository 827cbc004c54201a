"""What an environment's people defined of alerts, as the engine takes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.alerts.in_force import in_force
from functions.alerts.objectives.objective import Objective, objectives_of
from functions.alerts.rule import BURN_RATE, Rule
from functions.alerts.silence import Silence, silences_of
from functions.alerts.testing.synthetic import COLLECTION as TESTS
from functions.alerts.testing.synthetic import AlertTest, tests_of
from functions.alerts.thresholds import BUILT_IN
from functions.metrics.performance import Score

RULES = "rules"
SILENCES = "silences"
SCORES = "scores"
OBJECTIVES = "objectives"
PARTS = (RULES, SILENCES, SCORES, OBJECTIVES, TESTS)
"""The published parts that it is made of."""

Part = Mapping[str, Any]


@dataclass(frozen=True)
class Defined:
    """The rules in force, who is silent, how services are scored where somebody decided, and what
    they are to achieve, and the tests of alerts that were begun."""

    rules: tuple[Rule, ...] = BUILT_IN
    silences: tuple[Silence, ...] = ()
    scores: Mapping[str, Score] = field(default_factory=dict)
    objectives: tuple[Objective, ...] = ()
    tests: tuple[AlertTest, ...] = ()

    def testing(self, now: float) -> bool:
        """Whether a test of alerts runs."""
        return any(test.running(now) for test in self.tests)


def defined(parts: Mapping[str, Part]) -> Defined:
    objectives = objectives_of(parts.get(OBJECTIVES, {}))
    rules = in_force(parts.get(RULES, {}))
    return Defined(
        rules if objectives else tuple(rule for rule in rules if rule.metric != BURN_RATE),
        silences_of(parts.get(SILENCES, {})),
        scores_of(parts.get(SCORES, {})),
        objectives,
        tests_of(parts.get(TESTS, {})),
    )


def scores_of(published: Part) -> dict[str, Score]:
    """How services are scored, by service."""
    return {
        service: Score(each["target_ms"], each["error_weight"])
        for service, each in published.items()
    }
