"""A flag whose rollout succeeded: the candidate stands where the control stood. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def promoted(definition: Mapping[str, Any], control: str, candidate: str) -> dict[str, Any]:
    """The definition with the candidate as the default, also where the rules name the control.

    The users who got the candidate from the split (those whom the rules left to the default, or
    to the control) keep it; those whom a rule gives a variant of its own keep that.
    """
    changed = {**definition, "defaultVariant": candidate}
    own = definition.get("targeting")
    if own:
        changed["targeting"] = _with_candidate(own, control, candidate)
    return changed


def _with_candidate(own: Any, control: str, candidate: str) -> Any:
    branches = own.get("if") if isinstance(own, dict) and len(own) == 1 else None
    if isinstance(branches, list) and all(isinstance(then, str) for then in branches[1:-1:2]):
        if len(branches) % 2 == 0 and isinstance(branches[-1], str):
            return own
        if len(branches) % 2 and branches[-1] == control:
            return {"if": [*branches[:-1], candidate]}
        if len(branches) % 2 and branches[-1] is None:
            return own
    return {"if": [{"===": [own, control]}, candidate, own]}
