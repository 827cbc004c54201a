"""What an environment's people defined of alerts, as the engine takes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions import log
from functions.alerts.in_force import in_force, read_rules
from functions.alerts.objectives.objective import Objective, objectives_of
from functions.alerts.objectives.scoring import score_from
from functions.alerts.rule import BURN_RATE, Rule
from functions.alerts.silence import Silence, silences_of
from functions.alerts.testing.synthetic import COLLECTION as TESTS
from functions.alerts.testing.synthetic import AlertTest, tests_of
from functions.alerts.thresholds import BUILT_IN
from functions.metrics.performance import Score
from functions.readable import readable

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
    they are to achieve, and the tests of alerts that were begun.

    unreadable   by part the ids of definitions that this bundle can't read: they hold for nobody
    """

    rules: tuple[Rule, ...] = BUILT_IN
    silences: tuple[Silence, ...] = ()
    scores: Mapping[str, Score] = field(default_factory=dict)
    objectives: tuple[Objective, ...] = ()
    tests: tuple[AlertTest, ...] = ()
    unreadable: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def testing(self, now: float) -> bool:
        """Whether a test of alerts runs."""
        return any(test.running(now) for test in self.tests)


def defined(parts: Mapping[str, Part]) -> Defined:
    """What can be read of the parts; what can't is logged, and holds nobody up."""
    rules = in_force(parts.get(RULES, {}))
    objectives, no_objectives = objectives_of(parts.get(OBJECTIVES, {}))
    silences, no_silences = silences_of(parts.get(SILENCES, {}))
    scores, no_scores = readable(parts.get(SCORES, {}), lambda _name, each: score_from(each))
    tests, no_tests = tests_of(parts.get(TESTS, {}))
    unreadable = {
        RULES: read_rules(parts.get(RULES, {}))[1],
        OBJECTIVES: no_objectives,
        SILENCES: no_silences,
        SCORES: no_scores,
        TESTS: no_tests,
    }
    for part, ids in unreadable.items():
        for name in ids:
            log.error("definition_unreadable", part=part, id=name)
    return Defined(
        rules if objectives else tuple(rule for rule in rules if rule.metric != BURN_RATE),
        silences,
        scores,
        objectives,
        tests,
        {part: ids for part, ids in unreadable.items() if ids},
    )
