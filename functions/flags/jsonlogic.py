"""JsonLogic compiled once into closures: `compile_rule(logic)(data) -> value`.

What a rule means is what flagd-core 2.0.0 makes of it; docs/reference/flags.md lists the
differences. A closure is pure, takes no lock and may be called from any thread. What can be known
when compiling (a path, a constant, the shares of a split) is worked out then, not at each
evaluation.

A rule that fails raises: RuleError where flagd answers PARSE_ERROR (an operator that does not
exist), anything else (a division by zero, a scope that is no object) where it answers GENERAL.
"""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from functions.flags import operators
from functions.flags.bucketing import boundaries, hash_second, hash_text, hash_value, pair_head
from functions.flags.coercion import loosely_equal, to_text, truthy
from functions.flags.versions import COMPARISONS, parse_version

Rule = Callable[[Any], Any]


class RuleError(Exception):
    """A rule that no evaluator can follow: flagd's PARSE_ERROR."""


class Node(NamedTuple):
    """A compiled piece of a rule, and what is known of it before any data."""

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


class CompiledRule(NamedTuple):
    """`plain` rules take the caller's context as it is; others a scope with `$flagd` in it."""

    rule: Rule
    plain: bool


def compile_rule(logic: Any, flag_key: str) -> CompiledRule:
    """The rule as a function of its data. What is wrong with it shows when it is reached."""
    node = _node(logic, flag_key)
    return CompiledRule(node.rule, node.plain)


def _node(logic: Any, key: str | None) -> Node:
    """`key` is the flag's, which the shorthand of a split hashes; None where the scope is an item
    of `map` and its kin, which knows of no flag."""
    if isinstance(logic, list):
        return _list(logic, key)
    if not isinstance(logic, dict) or len(logic) != 1:
        return _constant(logic)
    name, arguments = next(iter(logic.items()))
    if not isinstance(arguments, list):
        arguments = [arguments]
    lazy = LAZY.get(name)
    if lazy:
        return lazy(arguments, key)
    nodes = [_node(argument, key) for argument in arguments]
    special = SPECIAL.get(name)
    return (special and special(nodes, key)) or _eager(name, nodes)


def _constant(value: Any) -> Node:
    return Node(lambda _data: value, constant=True, value=value)


def _list(items: Sequence[Any], key: str | None) -> Node:
    nodes = [_node(item, key) for item in items]
    if all(node.constant for node in nodes):
        return _constant([node.value for node in nodes])
    rules = [node.rule for node in nodes]
    return Node(lambda data: [rule(data) for rule in rules], plain=_all_plain(nodes))


def _all_plain(nodes: Iterable[Node]) -> bool:
    return all(node.plain for node in nodes)


def _condition(node: Node) -> Rule:
    """The node as a rule that gives True or False."""
    if node.constant:
        return _constant(truthy(node.value)).rule
    rule = node.rule
    if node.boolean:
        return rule

    def holds(data: Any) -> bool:
        value = rule(data)
        return value is True or (value is not False and value is not None and truthy(value))

    return holds


def _eager(name: str, nodes: Sequence[Node]) -> Node:
    apply = operators.EAGER.get(name)
    if apply is None:
        return _unknown(name, nodes)
    boolean = name in operators.BOOLEAN
    plain = name not in operators.READS_SCOPE and _all_plain(nodes)
    if len(nodes) == 2:
        one, two = nodes[0].rule, nodes[1].rule
        return Node(lambda data: apply(data, one(data), two(data)), boolean=boolean, plain=plain)
    rules = [node.rule for node in nodes]
    return Node(
        lambda data: apply(data, *[rule(data) for rule in rules]), boolean=boolean, plain=plain
    )


def _unknown(name: str, nodes: Sequence[Node]) -> Node:
    rules = [node.rule for node in nodes]

    def fail(data: Any) -> Any:
        for rule in rules:  # a fault in an argument comes first, as in flagd
            rule(data)
        raise RuleError(f"There is no operator {name!r}.")

    return Node(fail, plain=_all_plain(nodes))


# Operators that evaluate only what they need


def _if(arguments: Sequence[Any], key: str | None) -> Node:
    arguments = _flat(arguments)
    nodes = [_node(argument, key) for argument in arguments]
    pairs = [(_condition(nodes[i]), nodes[i + 1].rule) for i in range(0, len(nodes) - 1, 2)]
    otherwise = (nodes[-1] if len(nodes) % 2 else _constant(None)).rule
    plain = _all_plain(nodes)
    if len(pairs) == 1:
        test, result = pairs[0]
        return Node(lambda data: result(data) if test(data) else otherwise(data), plain=plain)

    def choose(data: Any) -> Any:
        for condition, then in pairs:
            if condition(data):
                return then(data)
        return otherwise(data)

    return Node(choose, plain=plain)


def _flat(arguments: Sequence[Any]) -> Sequence[Any]:
    """An `if` as the last `else` of another says the same in one chain."""
    last = arguments[-1] if len(arguments) % 2 else None
    if isinstance(last, dict) and len(last) == 1 and isinstance(last.get("if"), list):
        return [*arguments[:-1], *_flat(last["if"])]
    return arguments


def _and(arguments: Sequence[Any], key: str | None) -> Node:
    nodes = [_node(argument, key) for argument in arguments]
    rules = [node.rule for node in nodes]

    def last_or_first_false(data: Any) -> Any:
        value = None
        for rule in rules:
            value = rule(data)
            if value is not True and not truthy(value):
                return value
        return value

    return Node(last_or_first_false, boolean=_all_boolean(nodes), plain=_all_plain(nodes))


def _or(arguments: Sequence[Any], key: str | None) -> Node:
    nodes = [_node(argument, key) for argument in arguments]
    rules = [node.rule for node in nodes]

    def last_or_first_true(data: Any) -> Any:
        value = None
        for rule in rules:
            value = rule(data)
            if value is not False and truthy(value):
                return value
        return value

    return Node(last_or_first_true, boolean=_all_boolean(nodes), plain=_all_plain(nodes))


def _all_boolean(nodes: Sequence[Node]) -> bool:
    return bool(nodes) and all(node.boolean for node in nodes)


def _quantifier(
    otherwise: bool, holds: Callable[[list[Any], Rule], bool]
) -> Callable[[Sequence[Any], str | None], Node]:
    """`all`, `some` and `none`: [items, condition of an item]."""

    def compile_quantifier(arguments: Sequence[Any], key: str | None) -> Node:
        if len(arguments) < 2:
            return Node(lambda _data: otherwise, boolean=True)
        source, condition = _node(arguments[0], key), _condition(_node(arguments[1], None))
        items_rule = source.rule

        def quantify(data: Any) -> bool:
            items = items_rule(data)
            return holds(items, condition) if isinstance(items, list) else otherwise

        return Node(quantify, boolean=True, plain=source.plain)

    return compile_quantifier


def _filter(arguments: Sequence[Any], key: str | None) -> Node:
    if len(arguments) < 2:
        return Node(lambda _data: [])
    source, condition = _node(arguments[0], key), _condition(_node(arguments[1], None))
    items_rule = source.rule

    def keep(data: Any) -> list[Any]:
        items = items_rule(data)
        return [item for item in items if condition(item)] if isinstance(items, list) else []

    return Node(keep, plain=source.plain)


def _map(arguments: Sequence[Any], key: str | None) -> Node:
    if not arguments:
        return Node(lambda _data: [])
    source = _node(arguments[0], key)
    items_rule = source.rule
    each = _node(arguments[1] if len(arguments) > 1 else None, None).rule

    def change(data: Any) -> list[Any]:
        items = items_rule(data)
        return [each(item) for item in items] if isinstance(items, list) else []

    return Node(change, plain=source.plain)


def _reduce(arguments: Sequence[Any], key: str | None) -> Node:
    if not arguments:
        return _constant(None)
    source = _node(arguments[0], key)
    items_rule = source.rule
    step = _node(arguments[1] if len(arguments) > 1 else None, None).rule
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

    return Node(fold, plain=source.plain)


LAZY: Mapping[str, Callable[[Sequence[Any], str | None], Node]] = {
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


def _var(nodes: Sequence[Node], key: str | None) -> Node | None:
    """`{"var": "name"}` and `{"var": ["name", default]}` with a constant name and default."""
    if not 1 <= len(nodes) <= 2 or not nodes[0].is_text() or not nodes[-1].constant:
        return None
    name: str = nodes[0].value
    fallback = nodes[1].value if len(nodes) == 2 else None
    if name == "$flagd.flagKey" and key is not None:
        return _constant(key)
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


def _equals_text(nodes: Sequence[Node], _key: str | None) -> Node | None:
    """`==` with a constant text on one side."""
    if len(nodes) != 2 or nodes[0].is_text() == nodes[1].is_text():
        return None
    text, other = (nodes[0], nodes[1]) if nodes[0].is_text() else (nodes[1], nodes[0])
    expected, rule, name = text.value, other.rule, other.attribute

    def equals(data: Any) -> bool:
        value = data.get(name) if name is not None and type(data) is dict else rule(data)
        return value == expected if type(value) is str else loosely_equal(value, expected)

    return Node(equals, boolean=True, plain=other.plain)


def _not(nodes: Sequence[Node], _key: str | None) -> Node | None:
    if len(nodes) != 1:
        return None
    rule = _condition(nodes[0])
    return Node(lambda data: not rule(data), boolean=True, plain=nodes[0].plain)


def _compared(
    compare: Callable[[Any, Any], bool], otherwise: Callable[[Any, Any], bool]
) -> Callable[[Sequence[Node], str | None], Node | None]:
    """An attribute against a constant number."""

    def compile_comparison(nodes: Sequence[Node], _key: str | None) -> Node | None:
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


def _in_constant(nodes: Sequence[Node], _key: str | None) -> Node | None:
    """`in` with a constant list of texts."""
    if len(nodes) != 2 or not nodes[1].constant or not isinstance(nodes[1].value, list):
        return None
    items, rule, name = nodes[1].value, nodes[0].rule, nodes[0].attribute
    if not all(type(item) is str for item in items):
        return None
    texts = frozenset(items)

    def found(data: Any) -> bool:
        value = data.get(name) if name is not None and type(data) is dict else rule(data)
        return type(value) is str and value in texts

    return Node(found, boolean=True, plain=nodes[0].plain)


def _affix(
    holds: Callable[[str, str], bool],
) -> Callable[[Sequence[Node], str | None], Node | None]:
    """`starts_with` and `ends_with` a constant text."""

    def compile_affix(nodes: Sequence[Node], _key: str | None) -> Node | None:
        if len(nodes) != 2 or not nodes[1].is_text():
            return None
        affix, rule, name = nodes[1].value, nodes[0].rule, nodes[0].attribute

        def has(data: Any) -> bool | None:
            value = data.get(name) if name is not None and type(data) is dict else rule(data)
            return holds(value, affix) if isinstance(value, str) else None

        return Node(has, plain=nodes[0].plain)

    return compile_affix


def _cat_two(nodes: Sequence[Node], _key: str | None) -> Node | None:
    """`cat` of a constant and one value: the bucketing value of a split."""
    if len(nodes) != 2 or not nodes[0].is_text():
        return None
    prefix: str = nodes[0].value
    rule = nodes[1].rule

    def concatenate(data: Any) -> str:
        value = rule(data)
        return prefix + (value if type(value) is str else to_text(value))

    return Node(concatenate, plain=nodes[1].plain)


def _sem_ver(nodes: Sequence[Node], _key: str | None) -> Node | None:
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


def _fractional(nodes: Sequence[Node], key: str | None) -> Node | None:
    """`fractional` with constant shares, of a flag: by an expression, or by the targeting key."""
    if not nodes or key is None or not all(node.constant for node in nodes[1:]):
        return None
    shorthand = nodes[0].constant and isinstance(nodes[0].value, list)
    shares = [node.value for node in (nodes if shorthand else nodes[1:])]
    if not all(map(operators.is_share, shares)):
        return None
    sums = boundaries([operators.weight(share) for share in shares])
    if sums is None:
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


SPECIAL: Mapping[str, Callable[[Sequence[Node], str | None], Node | None]] = {
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
