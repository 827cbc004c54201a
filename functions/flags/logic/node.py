"""A compiled piece of a rule, and what is known of it before any data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

from functions.flags.logic.coercion import truthy

Rule = Callable[[Any], Any]


class Node(NamedTuple):
    """A function of the data, and its traits."""

    rule: Rule
    constant: bool = False
    value: Any = None
    boolean: bool = False
    """It gives True or False and nothing else."""
    attribute: str | None = None
    """The plain name that it reads, when that is all it does."""
    plain: bool = True
    """It reads attributes by their names only, so the caller's context can be its scope as it is.
    What may look at the scope as a whole, or at what flagd adds to it, does not qualify."""

    def is_text(self) -> bool:
        return self.constant and type(self.value) is str


class Place(Protocol):
    """Where in a set of flags a rule stands."""

    def flag_key(self) -> str | None:
        """The key of the flag, which the shorthand of a split hashes; None where the scope is an
        item of `map` and its kin, which knows of no flag. Who asks compiles for this flag alone."""


def constant(value: Any) -> Node:
    """A value that no data changes."""
    return Node(lambda _data: value, constant=True, value=value)


def all_plain(nodes: Iterable[Node]) -> bool:
    return all(node.plain for node in nodes)


def condition(node: Node) -> Rule:
    """The node as a rule that gives True or False."""
    if node.constant:
        return constant(truthy(node.value)).rule
    rule = node.rule
    if node.boolean:
        return rule

    def holds(data: Any) -> bool:
        value = rule(data)
        return value is True or (value is not False and value is not None and truthy(value))

    return holds
