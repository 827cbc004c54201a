"""One thing that was looked at on the way to a decision."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

CONDITION = "condition"
DEFAULT = "default"
ERROR = "error"
PREREQUISITE = "prerequisite"
RULE = "rule"
SEGMENT = "segment"
SPLIT = "split"
TARGET = "target"


@dataclass(frozen=True)
class Step:
    """`holds` is None where there is nothing to hold. `steps` are those that it is made of.

    `path` leads to it inside of what surrounds it: the flag, or the segment whose rule it is.
    """

    kind: str
    path: str
    sentence: str
    holds: bool | None = None
    steps: tuple[Step, ...] = ()

    def and_so(self, said: str) -> Step:
        """The step with another sentence behind its own."""
        return replace(self, sentence=f"{self.sentence} {said}")

    def to_view(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "path": self.path,
            "sentence": self.sentence,
            "holds": self.holds,
            "steps": [step.to_view() for step in self.steps],
        }
