"""One move of all traffic to a revision, as it goes. Pure.

    asked ──▶ applied ──▶ confirmed      it serves alone
      │          ├──▶ refused            Cloud Run could not do it
      │          └──▶ drifted            somebody else has sent traffic elsewhere since
      └──▶ refused                       Cloud Run won't do it

Whoever is killed in between leaves what the next look needs: whether Cloud Run was asked already
shows in the service itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from functions.rollouts.traffic.observed import Comparison, Observed, compare, said


class Became(StrEnum):
    ASKED = "asked"
    APPLIED = "applied"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    DRIFTED = "drifted"


ENDED = frozenset({Became.CONFIRMED, Became.REFUSED, Became.DRIFTED})


@dataclass(frozen=True, slots=True)
class Move:
    """
    rollout, version   what was taken back, and the version that is back
    revision           where all traffic is to go
    before             the shares by revision when it was asked for
    reason             why it was refused, or where traffic goes instead
    """

    rollout: str
    version: str
    revision: str
    became: Became
    asked_at: float
    before: Mapping[str, int] = field(default_factory=dict)
    applied_at: float | None = None
    ended_at: float | None = None
    reason: str = ""

    @property
    def ended(self) -> bool:
        return self.became in ENDED

    def to_document(self) -> dict[str, Any]:
        return {**asdict(self), "became": self.became.value, "before": dict(self.before)}

    @staticmethod
    def from_document(data: Mapping[str, Any]) -> Move:
        return Move(**{**data, "became": Became(data["became"])})


def seen(move: Move, observed: Observed, now: float) -> Move:
    """What a look at the service makes of a move. Still ASKED: Cloud Run is to be asked."""
    if move.ended:
        return move
    comparison = compare(observed, move.revision)
    if comparison is Comparison.DRIFTED:
        if move.became is Became.ASKED:
            return move
        return ended(move, Became.DRIFTED, now, said(observed.shares_asked))
    applied = move if move.became is Became.APPLIED else applying(move, now)
    if comparison is Comparison.CONVERGED:
        return ended(applied, Became.CONFIRMED, now)
    if comparison is Comparison.FAILED:
        return ended(applied, Became.REFUSED, now, observed.failure)
    return applied


def applying(move: Move, now: float) -> Move:
    """Cloud Run has taken it."""
    return replace(move, became=Became.APPLIED, applied_at=now)


def ended(move: Move, became: Became, now: float, reason: str = "") -> Move:
    return replace(move, became=became, ended_at=now, reason=reason)
