"""Frequent shapes of rules, made faster: a name against a constant, a split with fixed shares.

Each takes the compiled arguments of the operator it is named for and gives a node that means the
same, or None when the shape is another one.
"""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from functions.flags.logic import operators
from functions.flags.logic.bucketing import (
    boundaries,
    hash_second,
    hash_text,
    hash_value,
    pair_head,
)
from functions.flags.logic.coercion import loosely_equal, to_text
from functions.flags.logic.node import Node, Place, Rule, condition, constant
from functions.flags.logic.versions import COMPARISONS, parse_version

SHORT_LIST = 8
"""Up to here going through a list takes no longer than looking into a set, and no memory."""


def _var(nodes: Sequence[Node], place: Place) -> Node | None:
    """`{"var": "name"}` and `{"var": ["name", default]}` with a constant name and default."""
    if not 1 <= len(nodes) <= 2 or not nodes[0].is_text() or not nodes[-1].constant:
        return None
    name: str = nodes[0].value
    fallback = nodes[1].value if len(nodes) == 2 else None
    if name == "$flagd.flagKey":
        key = place.flag_key()
        return None if key is None else constant(key)
    if not name or name.startswith("$"):
        return None
    if "." in name:
        path = name.split(".")
        return Node(lambda data: operators.at_path(data, path, fallback))

    def get(data: Any) -> Any:
        if type(data) is dict:
            value = data.get(name)
            return fallback if value is None else value
        return operators.lookup(data, name, fallback)

    return Node(get, attribute=name if fallback is None else None)


def _equals_text(nodes: Sequence[Node], _place: Place) -> Node | None:
    """`==` with a constant text on one side."""
    if len(nodes) != 2 or nodes[0].is_text() == nodes[1].is_text():
        return None
    text, other = (nodes[0], nodes[1]) if nodes[0].is_text() else (nodes[1], nodes[0])
    expected, rule, name = text.value, other.rule, other.attribute
    if name is None:

        def equals(data: Any) -> bool:
            value = rule(data)
            return value == expected if type(value) is str else loosely_equal(value, expected)

    else:

        def equals(data: Any) -> bool:
            value = data.get(name) if type(data) is dict else operators.lookup(data, name)
            return value == expected if type(value) is str else loosely_equal(value, expected)

    return Node(equals, boolean=True, plain=other.plain)


def _not(nodes: Sequence[Node], _place: Place) -> Node | None:
    if len(nodes) != 1:
        return None
    rule = condition(nodes[0])
    return Node(lambda data: not rule(data), boolean=True, plain=nodes[0].plain)


def _compared(
    compare: Callable[[Any, Any], bool], otherwise: Callable[[Any, Any], bool]
) -> Callable[[Sequence[Node], Place], Node | None]:
    """An attribute against a constant number."""

    def compile_comparison(nodes: Sequence[Node], _place: Place) -> Node | None:
        if len(nodes) != 2 or not nodes[1].constant or type(nodes[1].value) not in (int, float):
            return None
        rule, limit = nodes[0].rule, nodes[1].value

        def holds(data: Any) -> bool:
            value = rule(data)
            if type(value) is int or type(value) is float:
                return compare(value, limit)
            return otherwise(value, limit)

        return Node(holds, boolean=True, plain=nodes[0].plain)

    return compile_comparison


def _in_constant(nodes: Sequence[Node], _place: Place) -> Node | None:
    """`in` with a constant list. The texts of a long one are looked up, not gone through."""
    if len(nodes) != 2 or not nodes[1].constant or not isinstance(nodes[1].value, list):
        return None
    items, rule, name = nodes[1].value, nodes[0].rule, nodes[0].attribute
    if len(items) > SHORT_LIST:
        found = _found_in_many(items, rule)
    elif name is None:

        def found(data: Any) -> bool:
            return rule(data) in items

    else:

        def found(data: Any) -> bool:
            value = data.get(name) if type(data) is dict else operators.lookup(data, name)
            return value in items

    return Node(found, boolean=True, plain=nodes[0].plain)


def _found_in_many(items: Sequence[Any], rule: Rule) -> Rule:
    texts = frozenset(item for item in items if isinstance(item, str))
    others = [item for item in items if not isinstance(item, str)]

    def found(data: Any) -> bool:
        value = rule(data)
        return value in texts if isinstance(value, str) else value in others

    return found


def _affix(
    holds: Callable[[str, str], bool],
) -> Callable[[Sequence[Node], Place], Node | None]:
    """`starts_with` and `ends_with` a constant text."""

    def compile_affix(nodes: Sequence[Node], _place: Place) -> Node | None:
        if len(nodes) != 2 or not nodes[1].is_text():
            return None
        affix, rule, name = nodes[1].value, nodes[0].rule, nodes[0].attribute
        if name is None:

            def has(data: Any) -> bool | None:
                value = rule(data)
                return holds(value, affix) if isinstance(value, str) else None

        else:

            def has(data: Any) -> bool | None:
                value = data.get(name) if type(data) is dict else operators.lookup(data, name)
                return holds(value, affix) if isinstance(value, str) else None

        return Node(has, plain=nodes[0].plain)

    return compile_affix


def _cat_two(nodes: Sequence[Node], _place: Place) -> Node | None:
    """`cat` of a constant and one value: the bucketing value of a split."""
    if len(nodes) != 2 or not nodes[0].is_text():
        return None
    prefix: str = nodes[0].value
    rule = nodes[1].rule

    def concatenate(data: Any) -> str:
        value = rule(data)
        return prefix + (value if type(value) is str else to_text(value))

    return Node(concatenate, plain=nodes[1].plain)


def _sem_ver(nodes: Sequence[Node], _place: Place) -> Node | None:
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

    return Node(holds, plain=nodes[0].plain)


def _fractional(nodes: Sequence[Node], place: Place) -> Node | None:
    """`fractional` with constant shares, of a flag: by an expression, or by the targeting key."""
    if not nodes or not all(node.constant for node in nodes[1:]):
        return None
    shorthand = nodes[0].constant and isinstance(nodes[0].value, list)
    shares = [node.value for node in (nodes if shorthand else nodes[1:])]
    if not all(map(operators.is_share, shares)):
        return None
    sums = boundaries([operators.weight(share) for share in shares])
    key = place.flag_key()
    if sums is None or key is None:
        return None
    variants = [share[0] for share in shares]
    if shorthand:
        hash_user = _hash_by_flag(key)
        return Node(lambda data: _share_of(hash_user(data), variants, sums))
    rule = nodes[0].rule

    def choose(data: Any) -> Any:
        value = rule(data)
        if type(value) is str:
            return _share_of(hash_text(value), variants, sums)
        if isinstance(value, (list, tuple)):  # flagd takes it for a share, and the shorthand
            return operators.fractional({**data, "$flagd": {"flagKey": key}}, value, *shares)
        return _share_of(None if value is None else hash_value(value), variants, sums)

    return Node(choose, plain=nodes[0].plain)


def _share_of(hashed: int | None, variants: Sequence[Any], sums: Sequence[int]) -> Any:
    return None if hashed is None else variants[bisect_right(sums, (hashed * sums[-1]) >> 32)]


def _hash_by_flag(key: str) -> Callable[[Any], int | None]:
    """What the shorthand hashes: [flag key, targeting key]."""
    try:
        head = pair_head(key)
    except UnicodeEncodeError:
        return lambda _data: None

    def hash_user(data: Any) -> int | None:
        user = data.get("targetingKey")
        return hash_second(head, user) if isinstance(user, str) and user else None

    return hash_user


SHORTCUTS: Mapping[str, Callable[[Sequence[Node], Place], Node | None]] = {
    "var": _var,
    "==": _equals_text,
    "!": _not,
    "<": _compared(operator.lt, operators.less),
    "<=": _compared(operator.le, operators.less_or_equal),
    ">": _compared(operator.gt, operators.greater),
    ">=": _compared(operator.ge, operators.greater_or_equal),
    "in": _in_constant,
    "starts_with": _affix(str.startswith),
    "ends_with": _affix(str.endswith),
    "cat": _cat_two,
    "sem_ver": _sem_ver,
    "fractional": _fractional,
}
