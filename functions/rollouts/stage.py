"""A stage of a plan: who gets the candidate, what must be seen there, what takes it back. Pure.

Seconds for times, 0..100 for percentages, 0..1 for rates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from functions.alerts.thresholds import BY_ID
from functions.rollouts.criterion import Criterion


@dataclass(frozen=True, slots=True)
class Limits:
    """What takes the candidate back when the control doesn't suffer as well. P1's values.

    error_rate     failures a request
    slow_rate      requests over 30 s a request: above 5 % the 95th percentile is above 30 s
    memory         of the container's limit
    strikes        consecutive checks beyond a limit before it acts
    check_requests the least requests in one check
    disaster_rate  failures a request that act at once, on at least `disaster_requests`
    """

    error_rate: float = BY_ID["p1-error-rate"].threshold
    slow_rate: float = 0.05
    memory: float = BY_ID["p1-memory"].threshold
    strikes: int = 3
    check_requests: int = 20
    disaster_rate: float = 0.25
    disaster_requests: int = 20


@dataclass(frozen=True, slots=True)
class Criteria:
    """What must be seen of the candidate in a stage before it may advance.

    `measures` are what it demands of the numbers that the service reports.
    """

    requests: int = 100
    error_rate: float = 0.02
    measures: tuple[Criterion, ...] = ()
    budget: float | None = None
    """The least share of the service's error budget (0 to 1) that is left of each objective."""

    def to_view(self) -> dict[str, Any]:
        """What people with the right to see it get, as JSON."""
        return asdict(self) | {"measures": [each.to_view() for each in self.measures]}

    def to_document(self) -> dict[str, Any]:
        """As it is kept. An older bundle refuses a name that it doesn't know: what isn't
        demanded isn't named, so that bundles of both kinds can look at the other rollouts."""
        kept = asdict(self) | {"measures": [each.to_document() for each in self.measures]}
        if not self.measures:
            del kept["measures"]
        if self.budget is None:
            del kept["budget"]
        return kept

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Criteria:
        measures = tuple(Criterion(**each) for each in data.get("measures", ()))
        return Criteria(**{**data, "measures": measures})


@dataclass(frozen=True, slots=True)
class Stage:
    """`bake_seconds` is the least time at this percentage; after `max_wait_seconds` it pauses.

    audience   key of a segment: the percentage is one of its members; "": of everybody
    approval   a person must have let this stage begin
    criteria   what this stage demands in place of the plan's; None: the plan's
    limits     what takes it back in this stage in place of the plan's; None: the plan's
    """

    percentage: float
    bake_seconds: float
    max_wait_seconds: float
    audience: str = ""
    approval: bool = False
    criteria: Criteria | None = None
    limits: Limits | None = None

    def to_document(self) -> dict[str, Any]:
        """As it is kept; what isn't demanded isn't named, as in Criteria."""
        data: dict[str, Any] = {
            "percentage": self.percentage,
            "bake_seconds": self.bake_seconds,
            "max_wait_seconds": self.max_wait_seconds,
        }
        if self.audience:
            data["audience"] = self.audience
        if self.approval:
            data["approval"] = True
        if self.criteria is not None:
            data["criteria"] = self.criteria.to_document()
        if self.limits is not None:
            data["limits"] = asdict(self.limits)
        return data

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Stage:
        criteria, limits = data.get("criteria"), data.get("limits")
        return Stage(
            **{
                **data,
                "criteria": None if criteria is None else Criteria.from_document(criteria),
                "limits": None if limits is None else Limits(**limits),
            }
        )

    def to_view(self) -> dict[str, Any]:
        """What people with the right to see it get, as JSON: every field."""
        return {
            **asdict(self),
            "criteria": self.criteria.to_view() if self.criteria else None,
            "limits": asdict(self.limits) if self.limits else None,
        }
