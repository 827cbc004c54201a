"""One line of the benchmark: a figure beside its budget."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
}


@dataclass(frozen=True)
class Row:
    """`value` in `unit`, which must be `comparison` `limit`; `detail` says what was measured."""

    name: str
    value: float
    unit: str
    comparison: str
    limit: float
    detail: str = ""

    @property
    def budget(self) -> str:
        return f"{self.comparison} {self.limit:g}"

    @property
    def holds(self) -> bool:
        return COMPARISONS[self.comparison](self.value, self.limit)

    def to_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "unit": self.unit,
            "budget": self.budget,
            "holds": self.holds,
            "detail": self.detail,
        }
