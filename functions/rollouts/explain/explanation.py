"""A rollout in sentences: where it stands, why it waits, what it would need, when it is looked at
next, what takes it back, and what happened so far. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from functions.rollouts.explain.guard import takes_back
from functions.rollouts.explain.history import happened
from functions.rollouts.explain.known import Known
from functions.rollouts.explain.needs import needs, next_check
from functions.rollouts.explain.standing import stands, waits
from functions.rollouts.tongue import Tongue


@dataclass(frozen=True, slots=True)
class Explanation:
    """Sentences, in the order in which they are read."""

    language: str
    stands: tuple[str, ...]
    waits: tuple[str, ...]
    needs: tuple[str, ...]
    next_check: tuple[str, ...]
    takes_back: tuple[str, ...]
    happened: tuple[str, ...]

    def to_view(self) -> dict[str, Any]:
        return asdict(self)


def explain(known: Known, tongue: Tongue) -> Explanation:
    return Explanation(
        tongue.language,
        tuple(stands(known, tongue)),
        tuple(waits(known, tongue)),
        tuple(needs(known, tongue)),
        tuple(next_check(known, tongue)),
        tuple(takes_back(known, tongue)),
        tuple(happened(known, tongue)),
    )
