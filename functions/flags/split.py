"""A split: which share of users gets the candidate, as a rule of flagd's.

The users are hashed with the rollout's own salt, so that rollouts are independent of each other and
the flags of one rollout move together. The candidate's share comes first, so that a rising
percentage moves nobody out of it. Nobody without a targeting key gets the candidate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from functions.flags.logic.bucketing import ALGORITHM

KEY = {"var": "targetingKey"}

WHOLE = 10_000
"""100 % in hundredths of a percent: the total of a split's weights."""


@dataclass(frozen=True)
class Audience:
    """The members of a segment, and the percentage (0 to 100, two decimals) of them."""

    segment: str
    percentage: float

    @property
    def weight(self) -> int:
        """The candidate's share of its members, of WHOLE."""
        return round(self.percentage * 100)


@dataclass(frozen=True)
class Split:
    """`percentage` (0 to 100, two decimals) of the users get `candidate`, the others `control`;
    `service` is whose versions these are, "" for no service's.

    Of the members of `audiences` a larger percentage gets it; who belongs to several, the largest.
    """

    rollout: str
    salt: str
    control: str
    candidate: str
    percentage: float
    algorithm: str = ALGORITHM
    service: str = ""
    audiences: tuple[Audience, ...] = ()

    def __post_init__(self) -> None:
        if not self.salt:
            raise ValueError("A split needs a salt: without one all splits would pick alike.")
        for percentage in (self.percentage, *(each.percentage for each in self.audiences)):
            if not 0 <= percentage <= 100:
                raise ValueError(f"A percentage lies between 0 and 100, not at {percentage}.")

    @property
    def weight(self) -> int:
        """The candidate's share, of WHOLE."""
        return round(self.percentage * 100)

    def audience_of(self, member: Callable[[str], bool]) -> Audience | None:
        """The audience that decides a user's share; `member` says whether they are in a segment."""
        return next((each for each in self.largest_first if member(each.segment)), None)

    @property
    def largest_first(self) -> list[Audience]:
        """The audiences in the order in which they are asked."""
        return sorted(self.audiences, key=lambda each: -each.weight)

    def to_dict(self) -> dict[str, Any]:
        return {
            "rollout": self.rollout,
            "salt": self.salt,
            "control": self.control,
            "candidate": self.candidate,
            "percentage": self.percentage,
            "algorithm": self.algorithm,
            "service": self.service,
            "audiences": [asdict(each) for each in self.audiences],
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
            audiences=tuple(Audience(**each) for each in data.get("audiences", ())),
        )


def rule(split: Split) -> dict[str, Any]:
    """The split alone, as a rule."""
    branches: list[Any] = [{"!": [KEY]}, split.control]
    for each in split.largest_first:
        branches += [{"$ref": each.segment}, _fractional(split, each.weight)]
    return {"if": [*branches, _fractional(split, split.weight)]}


def _fractional(split: Split, weight: int) -> dict[str, Any]:
    """The same salt and the candidate first, so that a larger weight moves nobody out."""
    shares = [[split.candidate, weight], [split.control, WHOLE - weight]]
    return {"fractional": [{"cat": [split.salt, KEY]}, *shares]}
