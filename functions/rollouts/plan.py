"""What a rollout intends, as data. Pure.

A plan says which share of the users gets the candidate, for how long each stage bakes, what must be
seen before the next one, and what takes it all back. Seconds for times, 0..100 for percentages,
0..1 for rates. What can't work is refused in validation.py, templates.py has the plans that are
known by name, preview.py says in words what a plan will do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from functions.rollouts.check import Check
from functions.rollouts.durations import DAY
from functions.rollouts.opening import Opening
from functions.rollouts.stage import Criteria as Criteria
from functions.rollouts.stage import Limits as Limits
from functions.rollouts.stage import Stage as Stage

START, RAISES = "start", "raises"


class Type(StrEnum):
    """What kind of deployment it is: each behaves in its own way. See docs/how-to/roll-out.md."""

    MANUAL = "manual"
    AUTOMATED = "automated"
    CANARY = "canary"
    BLUE_GREEN = "blue-green"
    HOTFIX = "hotfix"


class Without(StrEnum):
    """What follows when a stage's deadline passes without a PASS."""

    PAUSE = "pause"
    ROLL_BACK = "roll_back"


@dataclass(frozen=True, slots=True)
class Plan:
    """Stages with rising percentages up to 100, then a watch, then the candidate is the default.

    holdback    percentage of users who keep the control at "100 %", for comparison
    alpha       how often a healthy candidate may be taken back by chance, at most (spending.py)
    tolerance   how many times the control's failing users the candidate may have
    automatic   False: only a person advances; the limits still take it back
    type        how it behaves as a deployment
    checks      numbers that take it back, beside the limits
    critical    codes of errors of which one alone takes it back, seen of the candidate only
    openings    when it may start (and be raised, with `open_for` "raises"); none: at any time
    open_for    "start" or "raises": what waits for an opening. A rollback never does
    on_inconclusive, on_no_data   what follows when the time is over without a PASS
    """

    name: str
    stages: tuple[Stage, ...]
    watch_seconds: float = DAY
    holdback: float = 5.0
    alpha: float = 0.01
    tolerance: float = 1.0
    automatic: bool = True
    limits: Limits = field(default_factory=Limits)
    criteria: Criteria = field(default_factory=Criteria)
    type: Type = Type.AUTOMATED
    checks: tuple[Check, ...] = ()
    critical: tuple[str, ...] = ()
    openings: tuple[Opening, ...] = ()
    open_for: str = START
    on_inconclusive: Without = Without.PAUSE
    on_no_data: Without = Without.PAUSE

    def criteria_at(self, stage: int) -> Criteria:
        return self.stages[stage].criteria or self.criteria

    def limits_at(self, stage: int) -> Limits:
        return self.stages[stage].limits or self.limits

    def percentage(self, stage: int) -> float:
        """What the split gives the candidate at a stage: the last ones leave the holdback."""
        return round(min(self.stages[stage].percentage, 100.0 - self.holdback), 2)

    @property
    def last(self) -> int:
        return len(self.stages) - 1

    def to_view(self) -> dict[str, Any]:
        """What people with the right to see it get, as JSON: every field."""
        return {
            **asdict(self),
            "stages": [stage.to_view() for stage in self.stages],
            "criteria": self.criteria.to_view(),
            "type": self.type.value,
            "checks": [asdict(each) for each in self.checks],
            "critical": list(self.critical),
            "openings": [each.to_document() for each in self.openings],
            "on_inconclusive": self.on_inconclusive.value,
            "on_no_data": self.on_no_data.value,
        }

    def to_document(self) -> dict[str, Any]:
        """As it is kept. What is as usual isn't named: older bundles know no name for it."""
        view = self.to_view()
        usual = Plan(self.name, self.stages).to_view()
        for name in _LATER_FIELDS:
            if view[name] == usual[name]:
                del view[name]
        return view | {
            "stages": [stage.to_document() for stage in self.stages],
            "criteria": self.criteria.to_document(),
        }

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Plan:
        return Plan(
            **{
                **data,
                "stages": tuple(Stage.from_document(stage) for stage in data["stages"]),
                "limits": Limits(**data["limits"]),
                "criteria": Criteria.from_document(data["criteria"]),
                "type": Type(data.get("type", Type.AUTOMATED)),
                "checks": tuple(Check(**each) for each in data.get("checks", ())),
                "critical": tuple(data.get("critical", ())),
                "openings": tuple(map(Opening.from_document, data.get("openings", ()))),
                "on_inconclusive": Without(data.get("on_inconclusive", Without.PAUSE)),
                "on_no_data": Without(data.get("on_no_data", Without.PAUSE)),
            }
        )


_LATER_FIELDS = (
    "type",
    "checks",
    "critical",
    "openings",
    "open_for",
    "on_inconclusive",
    "on_no_data",
)
