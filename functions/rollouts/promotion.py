"""A flag whose rollout succeeded: the candidate stands where the control stood. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def promoted(definition: Mapping[str, Any], control: str | None, candidate: str) -> dict[str, Any]:
    """The definition with the candidate as the default, and as the rules' `else`.

    The counterpart of flags.composition.with_split: the users whom the rules leave to the default,
    or to the control as their `else`, had the split and keep the candidate. A rule that names a
    variant, be it the control, keeps its users.
    """
    changed = {**definition, "defaultVariant": candidate}
    own = definition.get("targeting")
    branches = own.get("if") if isinstance(own, dict) and len(own) == 1 else None
    if isinstance(branches, list) and len(branches) % 2 and branches[-1] == control:
        changed["targeting"] = {"if": [*branches[:-1], candidate]}
    return changed


def demoted(
    definition: Mapping[str, Any],
    control: str,
    candidate: str,
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What `promoted` made, as it was before.

    `before`: the definition at the beginning of the rollout, where somebody noted it. It is what
    comes back when nobody has edited the definition since. Otherwise edits are kept, and an `else`
    that names the candidate becomes the control, whoever wrote it.
    """
    if before is not None and promoted(before, control, candidate) == definition:
        return dict(before)
    return promoted(definition, candidate, control)
