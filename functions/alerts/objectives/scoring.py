"""How a service's performance is scored, as it is stored by the service's name. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from functions.errors import InvalidArgument
from functions.metrics.performance import TARGETS_MS, Score


def score_document(score: Score) -> dict[str, Any]:
    return asdict(score)


def score_from(definition: Mapping[str, Any]) -> Score:
    """What `score_document` wrote. Raises ValueError for one that can't be."""
    return Score(definition["target_ms"], definition["error_weight"])


def wanted(target_ms: int, error_weight: float) -> Score:
    """Raises InvalidArgument."""
    try:
        return Score(target_ms, error_weight)
    except ValueError as error:
        targets = ", ".join(map(str, TARGETS_MS))
        raise InvalidArgument(
            f"This score can't be computed: {error}.",
            remedy=f"`target_ms` is one of {targets}; `error_weight` is 0 to 100.",
        ) from error
