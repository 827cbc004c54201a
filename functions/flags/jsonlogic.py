"""JsonLogic compiled once into closures: `compile_rule(logic)(data) -> value`.

What a rule means is what flagd-core 2.0.0 makes of it (docs/flags.md lists the differences). A
closure is pure, takes no lock and may be called from any thread. What can be known when compiling
(a path, a constant, the shares of a split) is worked out then, not at each evaluation.

A rule that fails raises: RuleError where flagd answers PARSE_ERROR (an operator that does not
exist), anything else (a division by zero, a scope that is no object) where it answers GENERAL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from functions.flags import operators
from functions.flags.bucketing import boundaries, bucket, hash_text, hash_value
from functions.flags.coercion import loosely_equal, to_text, truthy
from functions.flags.versions import COMPARISONS, parse_version

Rule = Callable[[Any], Any]


class RuleError(Exception):
    """A rule that no evaluator can follow: flagd's PARSE_ERROR."""


@dataclass(frozen=True, slots=True)
class Node:
    """A compiled piece of a rule, and what is known of it before any data."""

    rule: Rule
    constant: bool = False
    value: Any = None
    boolean: bool = False
    attribute: str | None = None
    """The plain name that it reads, when that is all it does."""

    def is_text(self) -> bool:
        return self.constant and type(self.value) is str


def compile_rule(logic: Any) -> Rule:
    """The rule as a function of its data. What is wrong with it shows when it is reached."""
    return _node(logic).rule


def reads_names_only(logic: Any) -> bool:
    """Whether the rule reads nothing but attributes by plain names.

    Then the caller's context can be its scope as it is. Anything that may look at the scope as a
    whole, or at what flagd adds to it, does not qualify.
    """
    if isinstance(logic, list):
        return all(map(reads_names_only, logic))
    if not isinstance(logic, dict) or len(logic) != 1:
        return True
    name, arguments = next(iter(logic.items()))
    first = arguments[0] if isinstance(arguments, list) and arguments else arguments
    if name in ("missing", "missing_some"):
        return False
    if name == "var" and not (isinstance(first, str) and first and not first.startswith("$")):
        return False
    if name == "fractional" and not (isinstance(first, dict) and tuple(first) == ("cat",)):
        return False  # the shorthand, or what may turn out to be one, reads the flag's key
    return reads_names_only(arguments)


def _node(logic: Any) -> Node:
    if isinstance(logic, list):
        return _list(logic)
    if not isinstance(logic, dict) or len(logic) != 1:
        return _constant(logic)
    name, arguments = next(iter(logic.items()))
    if not isinstance(arguments, list):
        arguments = [arguments]
    lazy = LAZY.get(name)
    if lazy:
        return lazy(arguments)
    nodes = [_node(argument) for argument in arguments]
    special = SPECIAL.get(name)
    return (special and special(nodes)) or _eager(name, nodes)


def _constant(value: Any) -> Node:
    return Node(lambda _data: value, constant=True, value=value)


def _list(items: Sequence[Any]) -> Node:
    nodes = [_node(item) for item in items]
    if all(node.constant for node in nodes):
        return _constant([node.value for node in nodes])
    rules = [node.rule for node in nodes]
    return Node(lambda data: [rule(data) for rule in rules])


def _condition(logic: Any) -> Rule:
    """A rule that gives True or False."""
    node = _node(logic)
    if node.constant:
        return _constant(truthy(node.value)).rule
    rule = node.rule
    return rule if node.boolean else lambda data: truthy(rule(data))


def _eager(name: str, nodes: Sequence[Node]) -> Node:
    operator = operators.EAGER.get(name)
    if operator is None:
        return _unknown(name, nodes)
    boolean = name in operators.BOOLEAN
    if len(nodes) == 2:
        first, second = nodes[0].rule, nodes[1].rule
        return Node(lambda data: operator(data, first(data), second(data)), boolean=boolean)
    rules = [node.rule for node in nodes]
    return Node(lambda data: operator(data, *[rule(data) for rule in rules]), boolean=boolean)


def _unknown(name: str, nodes: Sequence[Node]) -> Node:
    rules = [node.rule for node in nodes]

    def fail(data: Any) -> Any:
        for rule in rules:  # a fault in an argument comes first, as in flagd
            rule(data)
        raise RuleError(f"There is no operator {name!r}.")

    return Node(fail)


# Operators that evaluate only what they need


def _if(arguments: Sequence[Any]) -> Node:
    pairs = [
        (_condition(arguments[i]), _node(arguments[i + 1]).rule)
        for i in range(0, len(arguments) - 1, 2)
    ]
    otherwise = _node(arguments[-1] if len(arguments) % 2 else None).rule
    if len(pairs) == 1:
        condition, then = pairs[0]
        return Node(lambda data: then(data) if condition(data) else otherwise(data))

    def choose(data: Any) -> Any:
        for condition, then in pairs:
            if condition(data):
                return then(data)
        return otherwise(data)

    return Node(choose)


def _and(arguments: Sequence[Any]) -> Node:
    nodes = [_node(argument) for argument in arguments]
    rules = [node.rule for node in nodes]

    def last_or_first_false(data: Any) -> Any:
        value = None
        for rule in rules:
            value = rule(data)
            if value is not True and not truthy(value):
                return value
        return value

    return Node(last_or_first_false, boolean=bool(nodes) and all(n.boolean for n in nodes))


def _or(arguments: Sequence[Any]) -> Node:
    nodes = [_node(argument) for argument in arguments]
    rules = [node.rule for node in nodes]

    def last_or_first_true(data: Any) -> Any:
        value = None
        for rule in rules:
            value = rule(data)
            if value is not False and truthy(value):
                return value
        return value

    return Node(last_or_first_true, boolean=bool(nodes) and all(n.boolean for n in nodes))


def _quantifier(
    otherwise: bool, holds: Callable[[list[Any], Rule], bool]
) -> Callable[[Sequence[Any]], Node]:
    """`all`, `some` and `none`: [items, condition of an item]."""

    def compile_quantifier(arguments: Sequence[Any]) -> Node:
        if len(arguments) < 2:
            return Node(lambda _data: otherwise, boolean=True)
        items_rule, condition = _node(arguments[0]).rule, _condition(arguments[1])

        def quantify(data: Any) -> bool:
            items = items_rule(data)
            return holds(items, condition) if isinstance(items, list) else otherwise

        return Node(quantify, boolean=True)

    return compile_quantifier


def _filter(arguments: Sequence[Any]) -> Node:
    if len(arguments) < 2:
        return Node(lambda _data: [])
    items_rule, condition = _node(arguments[0]).rule, _condition(arguments[1])

    def keep(data: Any) -> list[Any]:
        items = items_rule(data)
        return [item for item in items if condition(item)] if isinstance(items, list) else []

    return Node(keep)


def _map(arguments: Sequence[Any]) -> Node:
    if not arguments:
        return Node(lambda _data: [])
    items_rule = _node(arguments[0]).rule
    each = _node(arguments[1] if len(arguments) > 1 else None).rule

    def change(data: Any) -> list[Any]:
        items = items_rule(data)
        return [each(item) for item in items] if isinstance(items, list) else []

    return Node(change)


def _reduce(arguments: Sequence[Any]) -> Node:
    if not arguments:
        return _constant(None)
    items_rule = _node(arguments[0]).rule
    step = _node(arguments[1] if len(arguments) > 1 else None).rule
    start = arguments[2] if len(arguments) > 2 else None  # a plain value: flagd does not follow it

    def fold(data: Any) -> Any:
        items = items_rule(data)
        if not isinstance(items, list):
            return start
        scope: dict[str, Any] = {"accumulator": start}
        for item in items:
            scope["current"] = item
            scope["accumulator"] = step(scope)
        return scope["accumulator"]

    return Node(fold)


LAZY: Mapping[str, Callable[[Sequence[Any]], Node]] = {
    "if": _if,
    "?:": _if,
    "and": _and,
    "or": _or,
    "filter": _filter,
    "map": _map,
    "reduce": _reduce,
    # `all` of nothing is false: JsonLogic says so
    "all": _quantifier(False, lambda items, test: bool(items) and all(map(test, items))),
    "some": _quantifier(False, lambda items, test: any(map(test, items))),
    "none": _quantifier(True, lambda items, test: not any(map(test, items))),
}


# Frequent shapes, made faster. Each gives what the operator of the same name gives, or None.


def _var(nodes: Sequence[Node]) -> Node | None:
    """`{"var": "name"}` and `{"var": ["name", default]}` with a plain name."""
    if not 1 <= len(nodes) <= 2 or not nodes[0].is_text():
        return None
    name = nodes[0].value
    default = nodes[1] if len(nodes) == 2 else _constant(None)
    if not name or "." in name or not default.constant:
        return None
    fallback = default.value

    def get(data: Any) -> Any:
        if type(data) is dict:
            value = data.get(name)
            return fallback if value is None else value
        return operators.lookup(data, name, fallback)

    return Node(get, attribute=name if fallback is None else None)


def _equals_text(nodes: Sequence[Node]) -> Node | None:
    """`==` with a constant text on one side."""
    if len(nodes) != 2 or nodes[0].is_text() == nodes[1].is_text():
        return None
    text, other = (nodes[0], nodes[1]) if nodes[0].is_text() else (nodes[1], nodes[0])
    expected, rule, name = text.value, other.rule, other.attribute
    if name is not None:

        def attribute_equals(data: Any) -> bool:
            value = data.get(name) if type(data) is dict else rule(data)
            return value == expected if type(value) is str else loosely_equal(value, expected)

        return Node(attribute_equals, boolean=True)

    def equals(data: Any) -> bool:
        value = rule(data)
        return value == expected if type(value) is str else loosely_equal(value, expected)

    return Node(equals, boolean=True)


def _in_constant(nodes: Sequence[Node]) -> Node | None:
    """`in` with a constant list of texts."""
    if len(nodes) != 2 or not nodes[1].constant or not isinstance(nodes[1].value, list):
        return None
    items, needle = nodes[1].value, nodes[0].rule
    if not all(type(item) is str for item in items):
        return None
    texts = frozenset(items)

    def found(data: Any) -> bool:
        value = needle(data)
        return type(value) is str and value in texts

    return Node(found, boolean=True)


def _cat_two(nodes: Sequence[Node]) -> Node | None:
    """`cat` of a constant and one value: the bucketing value of a split."""
    if len(nodes) != 2 or not nodes[0].is_text():
        return None
    prefix: str = nodes[0].value
    rule = nodes[1].rule

    def concatenate(data: Any) -> str:
        value = rule(data)
        return prefix + (value if type(value) is str else to_text(value))

    return Node(concatenate)


def _sem_ver(nodes: Sequence[Node]) -> Node | None:
    """`sem_ver` against a constant version."""
    if len(nodes) != 3 or not nodes[1].is_text() or not nodes[2].constant:
        return None
    compare, right = COMPARISONS.get(nodes[1].value), parse_version(str(nodes[2].value))
    if compare is None or right is None:
        return None
    rule, limit = nodes[0].rule, right

    def holds(data: Any) -> bool | None:
        left = parse_version(str(rule(data)))
        return None if left is None else compare(left, limit)

    return Node(holds)


def _fractional(nodes: Sequence[Node]) -> Node | None:
    """`fractional` with constant shares, by a bucketing expression or by the targeting key."""
    if not nodes:
        return None
    by_flag = nodes[0].constant and isinstance(nodes[0].value, list)
    shares = [node.value for node in (nodes if by_flag else nodes[1:])]
    if not all(n.constant for n in nodes[1:]) or not all(map(operators.is_share, shares)):
        return None
    sums = boundaries([operators.weight(share) for share in shares])
    if sums is None:
        return None
    total, steps = sums[-1], [(end, share[0]) for end, share in zip(sums, shares, strict=True)]
    key = None if by_flag else nodes[0].rule

    def choose(data: Any) -> Any:
        if key is None:
            hashed = operators.hash_by_flag(data)
        else:
            value = key(data)
            if type(value) is str:
                hashed = hash_text(value)
            elif isinstance(value, (list, tuple)):
                return operators.fractional(data, value, *shares)
            else:
                hashed = None if value is None else hash_value(value)
        if hashed is None:
            return None
        place = bucket(hashed, total)
        for end, variant in steps:
            if place < end:
                return variant
        return None

    return Node(choose)


SPECIAL: Mapping[str, Callable[[Sequence[Node]], Node | None]] = {
    "var": _var,
    "==": _equals_text,
    "in": _in_constant,
    "cat": _cat_two,
    "sem_ver": _sem_ver,
    "fractional": _fractional,
}
