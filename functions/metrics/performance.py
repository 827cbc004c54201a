"""How well a service performs, as one number from 0 to 100. Pure.

    score = 100 × Apdex(T) × max(0, 1 − weight × error rate)

Apdex(T) is (satisfied + tolerating / 2) / served: satisfied are requests that took at most the
target T, tolerating those that took at most 4 T (Apdex Technical Specification 1.1). T and 4 T are
of the ladder, so the score is exact. Apdex sees how fast requests ended and the error rate how:
a failure that came fast is fast, and pays by the weight.

With the usual weight of 3 a failure rate of 5 % takes 15 of 100 points and one of 10 % takes 30:
what is fast throughout then comes to 85 and to 70.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from functions.metrics.ladder import LADDER_MS
from functions.metrics.tally import Tally

FRUSTRATED = 4
"""Who waits longer than so many targets is frustrated."""

TARGETS_MS = tuple(rung for rung in LADDER_MS if FRUSTRATED * rung in LADDER_MS)
LARGEST_WEIGHT = 100.0


@dataclass(frozen=True)
class Score:
    """How a service is scored: its target T (ms, of TARGETS_MS) and what errors weigh (0 to 100).

    Raises ValueError for others.
    """

    target_ms: int = 500
    error_weight: float = 3.0

    def __post_init__(self) -> None:
        if self.target_ms not in TARGETS_MS:
            targets = ", ".join(map(str, TARGETS_MS))
            raise ValueError(f"a target of {self.target_ms} ms is none of {targets}")
        if not (math.isfinite(self.error_weight) and 0 <= self.error_weight <= LARGEST_WEIGHT):
            raise ValueError("the weight of errors is 0 to 100")


USUAL = Score()
OF_SERVICES: Mapping[str, Score] = {"stories": Score(target_ms=5_000)}
"""Where another score than the usual one fits better. A story takes seconds: 4 T is P2's 20 s."""


def score_of(service: str, given: Mapping[str, Score]) -> Score:
    """How a service is scored: as somebody decided for it, as it is delivered, or as usual."""
    return given.get(service) or OF_SERVICES.get(service, USUAL)


def apdex(tally: Tally, target_ms: int) -> float | None:
    """0 to 1; None when nothing was served. Raises ValueError for a target not of TARGETS_MS."""
    if not tally.served:
        return None
    slow = tally.above_ms(target_ms)
    frustrated = tally.above_ms(FRUSTRATED * target_ms)
    return (tally.served - slow + (slow - frustrated) / 2) / tally.served


def score(tally: Tally, by: Score) -> float | None:
    """0 to 100; None when nothing was served."""
    found = apdex(tally, by.target_ms)
    if found is None:
        return None
    lost = by.error_weight * (tally.error_rate or 0.0)
    return 100 * found * max(0.0, 1 - lost)
