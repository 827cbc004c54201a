"""Plans that are known by name, with the values that they were asked for with. Pure.

What is `optional` in them is left out for services that don't report it (fitting.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from functions.metrics.names import COMPLAINED, SATISFIED
from functions.rollouts.check import Check
from functions.rollouts.criterion import Criterion
from functions.rollouts.durations import DAY, HOUR
from functions.rollouts.own import AVAILABILITY, P95, PERFORMANCE
from functions.rollouts.plan import Criteria, Limits, Plan, Stage, Type
from functions.rollouts.validation import validate

FIVE_MINUTES = 300.0
RATINGS = 30
"""Few rate: with as many as are asked of other measures a stage would wait for days."""


def _plan(name: str, *stages: tuple[float, float], **options: Any) -> Plan:
    """Stages of (percentage, least bake in hours); each waits three times as long at most."""
    built = tuple(
        Stage(percentage, hours * HOUR, max(3 * hours, 1.0) * HOUR) for percentage, hours in stages
    )
    return validate(Plan(name, built, **options))


GRADUAL = _plan(
    "gradual",
    (10, 24),
    (25, 48),
    (50, 72),
    (100, 0),
    criteria=Criteria(
        error_rate=0.02,
        measures=(
            Criterion(PERFORMANCE, at_least=85.0, optional=True),
            Criterion(SATISFIED, RATINGS, at_least=0.8, optional=True),
        ),
    ),
    limits=Limits(error_rate=0.05),
    checks=(
        Check(PERFORMANCE, below=70.0, optional=True),
        Check(COMPLAINED, above=0.02, optional=True),
    ),
)
"""A new version of a feature: days in each stage."""

CANARY = _plan(
    "canary",
    (5, 2),
    (25, 6),
    (100, 4),
    watch_seconds=2 * DAY,
    type=Type.CANARY,
    limits=Limits(error_rate=0.02),
    checks=(
        Check("precision", below=0.94, seconds=FIVE_MINUTES, optional=True),
        Check(P95, above=200.0, seconds=FIVE_MINUTES, optional=True),
        Check(AVAILABILITY, below=0.99, optional=True),
        Check("roi", fall=0.2, optional=True),
    ),
)
"""A new version of a service: hours in each stage, by what it does for the business as well."""

TEMPLATES: Mapping[str, Plan] = MappingProxyType(
    {
        plan.name: plan
        for plan in (
            GRADUAL,
            CANARY,
            _plan("steps", (5, 24), (25, 24), (50, 24), (100, 0)),
            _plan("blue-green", (100, 0.5), holdback=0.0, type=Type.BLUE_GREEN),
            _plan("hotfix", (25, 0.1), (100, 0.5), type=Type.HOTFIX),
            _plan("manual", (10, 0), (25, 0), (50, 0), (100, 0), type=Type.MANUAL, automatic=False),
        )
    }
)
"""Plans by name."""
