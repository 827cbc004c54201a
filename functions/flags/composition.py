"""How a flag compiles down to flagd's `targeting`, so that every client sees the same.

From the outside inwards:

    killed → a prerequisite that isn't met → individual targets → the flag's own rules → the split

The split takes the users whom the rules leave to the default: where they end without an `else`, or
with the control as their `else`. A rule that names a variant keeps its users. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.flags.split import Split, rule

REQUIRED = "flag:"
"""Before a flag's key: the evaluator that gives the flag's variant to those that require it. No
segment is named so: a key has no colon."""

NO_VARIANT = ""
"""What such an evaluator gives when clients get no variant. No variant is named so."""

TARGETING_KEY = {"var": "targetingKey"}


@dataclass(frozen=True)
class Prerequisite:
    """Another flag must give the user one of these variants."""

    flag: str
    variants: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return {"flag": self.flag, "variants": list(self.variants)}

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> Prerequisite:
        return Prerequisite(data["flag"], tuple(data["variants"]))


def killed(definition: Mapping[str, Any], off_variant: str | None) -> dict[str, Any]:
    """Everybody gets the off variant; without one, the default in their code."""
    switched = {name: value for name, value in definition.items() if name != "targeting"}
    if off_variant is None:
        return {**switched, "state": "DISABLED"}
    return {**switched, "defaultVariant": off_variant}


def with_split(definition: Mapping[str, Any], split: Split | None) -> dict[str, Any]:
    """The definition with the split under the flag's own rules."""
    if split is None:
        return dict(definition)
    own = definition.get("targeting")
    return {**definition, "targeting": _under(own, split) if own else rule(split)}


def with_targets(
    definition: Mapping[str, Any], targets: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """The definition with users who are named one by one, ahead of its rules."""
    branches: list[Any] = []
    for variant, users in targets.items():
        branches += [{"in": [TARGETING_KEY, list(users)]}, variant] if users else []
    return _ahead(definition, branches) if branches else dict(definition)


def with_prerequisites(
    definition: Mapping[str, Any], prerequisites: Sequence[Prerequisite], off_variant: str | None
) -> dict[str, Any]:
    """The definition with the off variant for whom a prerequisite isn't met, ahead of all else."""
    conditions = [met(each) for each in prerequisites]
    if not conditions:
        return dict(definition)
    all_met = conditions[0] if len(conditions) == 1 else {"and": conditions}
    return _ahead(definition, [{"!": [all_met]}, off_variant])


def as_evaluator(definition: Mapping[str, Any]) -> Any:
    """The variant that a published flag gives, as a rule for those that require it."""
    default = definition.get("defaultVariant") or NO_VARIANT
    if definition["state"] == "DISABLED":
        return NO_VARIANT
    return _total(definition.get("targeting") or None, default)


def met(prerequisite: Prerequisite) -> dict[str, Any]:
    """Whether a prerequisite is met, as a rule."""
    accepted: list[Any] = list(prerequisite.variants)
    # A rule may say `true` and mean the variant "true".
    accepted += [name == "true" for name in prerequisite.variants if name in ("true", "false")]
    return {"in": [{"$ref": REQUIRED + prerequisite.flag}, accepted]}


def _ahead(definition: Mapping[str, Any], branches: list[Any]) -> dict[str, Any]:
    own = definition.get("targeting")
    return {**definition, "targeting": {"if": [*branches, own] if own else branches}}


def _total(rule: Any, default: str) -> Any:
    """The rule with the default wherever it would lead to nothing."""
    if rule is None:
        return default
    if not isinstance(rule, dict):
        return rule
    branches = rule.get("if") if len(rule) == 1 else None
    if not isinstance(branches, list):
        return {"if": [{"===": [rule, None]}, default, rule]} if default else rule
    last = branches[-1] if len(branches) % 2 else None
    pairs = branches[: len(branches) // 2 * 2]
    thens = [_total(each, default) if index % 2 else each for index, each in enumerate(pairs)]
    return {"if": [*thens, _total(last, default)]}


def without_else(own: Any, split: Split) -> Any:
    """The flag's own rules without an `else` whose users the split takes."""
    branches = _branches(own)
    if branches and len(branches) % 2 and branches[-1] in (None, split.control):
        return {"if": branches[:-1]}
    return own


def _under(own: Any, split: Split) -> Any:
    own = without_else(own, split)
    branches = _branches(own)
    if branches is not None and all(isinstance(then, str) for then in _outcomes(branches)):
        # Only the missing `else` can lead to nothing: the split is that `else`.
        return {"if": branches if len(branches) % 2 else [*branches, rule(split)]}
    # Rules of another form may end in null anywhere: ask them, then split where they did.
    return {"if": [{"===": [own, None]}, rule(split), own]}


def _branches(own: Any) -> list[Any] | None:
    branches = own.get("if") if isinstance(own, dict) and len(own) == 1 else None
    return branches if isinstance(branches, list) else None


def _outcomes(branches: list[Any]) -> list[Any]:
    """What the branches of an `if` lead to, its `else` included."""
    thens = branches[1::2]
    return [*thens, branches[-1]] if len(branches) % 2 else thens
