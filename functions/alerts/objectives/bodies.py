"""What requests about objectives and scores look like."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from functions.administration import ChangeBody
from functions.alerts.objectives.objective import LONGEST_SERVICE, Kind, Objective, validate
from functions.alerts.objectives.scoring import wanted
from functions.metrics.performance import USUAL, Score

Number = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]


class PutObjective(ChangeBody):
    """What isn't given is as in objective.py."""

    service: str = Field(min_length=1, max_length=LONGEST_SERVICE)
    kind: Kind = Field(strict=False)
    target: Number = Field(description="The share that is to be good, 0 to 1.")
    days: Count | None = None
    threshold_ms: Count | None = None
    least: Number | None = None
    metric: str | None = Field(default=None, max_length=40)
    lower: bool | None = None
    volume: Count | None = None

    def objective(self, identifier: str) -> Objective:
        """Raises InvalidArgument."""
        given = self.model_dump(
            exclude_none=True, exclude={"reason", "expected_generation", "kind"}
        )
        return validate(Objective(id=identifier, kind=self.kind, **given))


class PutScore(ChangeBody):
    """How a service is scored; what isn't given is as usual."""

    target_ms: Count = USUAL.target_ms
    error_weight: Number = USUAL.error_weight

    def score(self) -> Score:
        """Raises InvalidArgument."""
        return wanted(self.target_ms, self.error_weight)
