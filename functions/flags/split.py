"""A split: which share of users gets the candidate, compiled down into flagd's `targeting`.

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
    """`percentage` (0 to 100, two decimals) of the users get `candidate`, the others `control`."""

    rollout: str
    salt: str
    control: str
    candidate: str
    percentage: float
    algorithm: str = ALGORITHM

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
        )


def compose(definition: Mapping[str, Any], split: Split | None) -> dict[str, Any]:
    """The flagd definition with the split under the flag's own rules.

    The split takes the users whom the rules leave to the default: where they end without an
    `else`, or with the control as their `else`. A rule that names a variant keeps its users.
    """
    if split is None:
        return dict(definition)
    own = definition.get("targeting")
    return {**definition, "targeting": _under(own, split) if own else rule(split)}


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


def _under(own: Any, split: Split) -> Any:
    branches = own.get("if") if isinstance(own, dict) and len(own) == 1 else None
    if isinstance(branches, list):
        if len(branches) % 2 and branches[-1] in (None, split.control):
            branches = branches[:-1]
        if all(isinstance(then, str) for then in _outcomes(branches)):
            # Only the missing `else` can lead to nothing: the split is that `else`.
            return {"if": branches if len(branches) % 2 else [*branches, rule(split)]}
        own = {"if": branches}
    # Rules of another form may end in null anywhere: ask them, then split where they did.
    return {"if": [{"===": [own, None]}, rule(split), own]}


def _outcomes(branches: list[Any]) -> list[Any]:
    """What the branches of an `if` lead to, its `else` included."""
    thens = branches[1::2]
    return [*thens, branches[-1]] if len(branches) % 2 else thens
