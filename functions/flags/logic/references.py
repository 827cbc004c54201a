"""`{"$ref": name}` in a rule stands for the evaluator of that name: put in, structurally."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAXIMUM_NODES = 100_000


class ReferenceLoop(Exception):
    """Evaluators that name each other in a circle, or that unfold beyond MAXIMUM_NODES."""


def resolve(rule: Any, evaluators: Mapping[str, Any]) -> Any:
    """The rule with every known reference replaced; unknown ones stay as they are.

    Raises ReferenceLoop.
    """
    return _Resolver(evaluators).resolve(rule, ()) if evaluators else rule


class _Resolver:
    def __init__(self, evaluators: Mapping[str, Any]) -> None:
        self._evaluators = evaluators
        self._nodes = 0

    def resolve(self, rule: Any, inside: tuple[str, ...]) -> Any:
        self._nodes += 1
        if self._nodes > MAXIMUM_NODES:
            raise ReferenceLoop(f"The rule unfolds to more than {MAXIMUM_NODES:,} nodes.")
        if isinstance(rule, list):
            return [self.resolve(item, inside) for item in rule]
        if not isinstance(rule, dict):
            return rule
        name = rule.get("$ref") if len(rule) == 1 else None
        if not isinstance(name, str) or name not in self._evaluators:
            return {key: self.resolve(item, inside) for key, item in rule.items()}
        if name in inside:
            raise ReferenceLoop(f"The evaluator {name!r} refers to itself.")
        return self.resolve(self._evaluators[name], (*inside, name))
