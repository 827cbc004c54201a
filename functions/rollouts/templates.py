"""Plans that are known by name, with the values that they were asked for with. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from functions.rollouts.durations import DAY, HOUR
from functions.rollouts.plan import Plan, Stage, Type
from functions.rollouts.validation import validate


def _plan(name: str, *stages: tuple[float, float], **options: Any) -> Plan:
    """Stages of (percentage, least bake in hours); each waits three times as long at most."""
    built = tuple(
        Stage(percentage, hours * HOUR, max(3 * hours, 1.0) * HOUR) for percentage, hours in stages
    )
    return validate(Plan(name, built, **options))


TEMPLATES: Mapping[str, Plan] = MappingProxyType(
    {
        plan.name: plan
        for plan in (
            _plan("gradual", (10, 24), (25, 48), (50, 72), (100, 0)),
            _plan("canary", (5, 2), (25, 6), (100, 4), watch_seconds=2 * DAY, type=Type.CANARY),
            _plan("steps", (5, 24), (25, 24), (50, 24), (100, 0)),
            _plan("blue-green", (100, 0.5), holdback=0.0, type=Type.BLUE_GREEN),
            _plan("hotfix", (25, 0.1), (100, 0.5), type=Type.HOTFIX),
            _plan("manual", (10, 0), (25, 0), (50, 0), (100, 0), type=Type.MANUAL, automatic=False),
        )
    }
)
"""Plans by name; the seeds' values."""
