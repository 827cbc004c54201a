"""`{"$ref": name}` in a rule stands for the evaluator of that name: put in, structurally.

An evaluator that is named often stands in the result as one object, not as copies: it takes its
memory once, and is compiled once. What counts against the limits is the rule as it reads unfolded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

MAXIMUM_NODES = 100_000
"""A list of plain values counts as one: being asked for an element, it is one step."""
MAXIMUM_DEPTH = 256
"""Objects and lists within each other, a reference counting for two: some 128 operators. Far below
what Python's stack allows, so that a rule is too deep everywhere or nowhere."""

PLAIN = frozenset((str, int, float, bool, type(None)))


class ReferenceLoop(Exception):
    """Evaluators that name each other in a circle, or a rule that unfolds beyond the limits."""


class TooDeep(ReferenceLoop):
    """Here, that is: an evaluator may stand elsewhere all the same."""

    def __init__(self) -> None:
        super().__init__(f"The rule is nested deeper than {MAXIMUM_DEPTH} objects and lists.")


class Unfolded(NamedTuple):
    """A rule without known references. `size` and `depth` are those of the rule written out."""

    rule: Any
    size: int
    depth: int


def resolve(rule: Any, evaluators: Mapping[str, Any]) -> Any:
    """The rule with every known reference replaced; unknown ones stay as they are.

    Raises ReferenceLoop.
    """
    return Resolver(evaluators).unfold(rule).rule


class Resolver:
    """Puts the evaluators of one set into its rules."""

    def __init__(self, evaluators: Mapping[str, Any]) -> None:
        self._evaluators = evaluators
        self.shared: dict[int, Any] = {}
        """By their ids, the evaluators that stand in what was unfolded."""
        self._unfolded: dict[str, Unfolded] = {}
        self._faults: dict[str, str] = {}
        self._open: set[str] = set()

    def unfold(self, rule: Any) -> Unfolded:
        """What holds no reference comes back as the same object. Raises ReferenceLoop."""
        return self._unfold(rule, 0)

    def _unfold(self, rule: Any, above: int) -> Unfolded:
        if isinstance(rule, dict):
            name = rule.get("$ref") if len(rule) == 1 else None
            if isinstance(name, str) and name in self._evaluators:
                return self._evaluator(name, above)
        elif not isinstance(rule, list) or PLAIN.issuperset(map(type, rule)):
            return Unfolded(rule, 1, 0)
        if above >= MAXIMUM_DEPTH:
            raise TooDeep
        items: Iterable[tuple[Any, Any]] = (
            rule.items() if isinstance(rule, dict) else enumerate(rule)
        )
        changed: dict[Any, Any] = {}
        size, depth = _within_limit(1 + len(rule)), 0
        for place, item in items:
            if type(item) not in PLAIN:
                inner = self._unfold(item, above + 1)
                size = _within_limit(size + inner.size - 1)
                depth = max(depth, inner.depth)
                if inner.rule is not item:
                    changed[place] = inner.rule
        return Unfolded(_with(rule, changed) if changed else rule, size, depth + 1)

    def _evaluator(self, name: str, above: int) -> Unfolded:
        if above >= MAXIMUM_DEPTH:
            raise TooDeep
        if name not in self._unfolded and name not in self._faults:
            self._unfold_evaluator(name, above)
        if name in self._faults:
            raise ReferenceLoop(self._faults[name])
        known = self._unfolded[name]
        if above + known.depth > MAXIMUM_DEPTH:
            raise TooDeep
        return known

    def _unfold_evaluator(self, name: str, above: int) -> None:
        """What the evaluator becomes, wherever it stands; or why it becomes nothing."""
        if name in self._open:
            self._faults[name] = f"The evaluator {name!r} refers to itself."
            return
        self._open.add(name)
        try:
            rule, size, depth = self._unfold(self._evaluators[name], above + 2)
        except TooDeep:
            raise
        except ReferenceLoop as error:
            self._faults[name] = str(error)
        else:
            self._unfolded[name] = Unfolded(rule, size, depth + 2)
            self.shared[id(rule)] = rule
        finally:
            self._open.discard(name)


def _with(rule: Any, changed: Mapping[Any, Any]) -> Any:
    if isinstance(rule, dict):
        return {**rule, **changed}
    return [changed.get(place, item) for place, item in enumerate(rule)]


def _within_limit(size: int) -> int:
    if size > MAXIMUM_NODES:
        raise ReferenceLoop(f"The rule unfolds to more than {MAXIMUM_NODES:,} nodes.")
    return size
