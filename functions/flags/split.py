"""A split: which share of users gets the candidate, as a rule of flagd's.

The users are hashed with the rollout's own salt, so that rollouts are independent of each other and
the flags of one rollout move together. The candidate's share comes first, so that a rising
percentage moves nobody out of it. Nobody without a targeting key gets the candidate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.flags.logic.bucketing import ALGORITHM

WHOLE = 10_000
"""100 % in hundredths of a percent: the total of a split's weights."""


@dataclass(frozen=True)
class Split:
    """`percentage` (0 to 100, two decimals) of the users get `candidate`, the others `control`;
    `service` is whose versions these are, "" for no service's."""

    rollout: str
    salt: str
    control: str
    candidate: str
    percentage: float
    algorithm: str = ALGORITHM
    service: str = ""

    def __post_init__(self) -> None:
        if not self.salt:
            raise ValueError("A split needs a salt: without one all splits would pick alike.")
        if not 0 <= self.percentage <= 100:
            raise ValueError(f"A percentage lies between 0 and 100, not at {self.percentage}.")

    @property
    def weight(self) -> int:
        """The candidate's share, of WHOLE."""
        return round(self.percentage * 100)

    def to_dict(self) -> dict[str, Any]:
        return {
            "rollout": self.rollout,
            "salt": self.salt,
            "control": self.control,
            "candidate": self.candidate,
            "percentage": self.percentage,
            "algorithm": self.algorithm,
            "service": self.service,
        }

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Split:
        return Split(
            rollout=data["rollout"],
            salt=data["salt"],
            control=data["control"],
            candidate=data["candidate"],
            percentage=data["percentage"],
            algorithm=data["algorithm"],
            service=data.get("service", ""),
        )


def rule(split: Split) -> dict[str, Any]:
    """The split alone, as a rule."""
    key = {"var": "targetingKey"}
    shares = [[split.candidate, split.weight], [split.control, WHOLE - split.weight]]
    return {
        "if": [
            {"!": [key]},
            split.control,
            {"fractional": [{"cat": [split.salt, key]}, *shares]},
        ]
    }
