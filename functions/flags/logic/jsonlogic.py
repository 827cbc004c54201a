"""JsonLogic compiled once into closures: `compile_rule(logic, key).rule(data) -> value`.

What a rule means is what flagd-core 2.0.0 makes of it; docs/reference/flags.md lists the
differences. A closure is pure, takes no lock and may be called from any thread. What can be known
when compiling (a path, a constant, the shares of a split) is worked out then, not at each
evaluation.

A rule that fails raises: RuleError where flagd answers PARSE_ERROR (an operator that does not
exist), anything else (a division by zero, a scope that is no object) where it answers GENERAL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from functions.flags.logic import operators
from functions.flags.logic.coercion import truthy
from functions.flags.logic.node import Node, Rule, all_plain, condition, constant
from functions.flags.logic.references import PLAIN, Resolver
from functions.flags.logic.shortcuts import SHORTCUTS


class RuleError(Exception):
    """A rule that no evaluator can follow: flagd's PARSE_ERROR."""


class CompiledRule(NamedTuple):
    """`plain` rules take the caller's context as it is; others a scope with `$flagd` in it."""

    rule: Rule
    plain: bool


def compile_rule(logic: Any, flag_key: str) -> CompiledRule:
    """One rule by itself, as a function of its data. Raises ReferenceLoop."""
    return Compiler({}).rule(logic, flag_key)


class Compiler:
    """Compiles the rules of one set of flags. What they share through evaluators is compiled once,
    unless it depends on the flag that it stands in."""

    def __init__(self, evaluators: Mapping[str, Any]) -> None:
        self._resolver = Resolver(evaluators)
        self._shared: dict[int, Node] = {}
        self._texts: dict[str, Node] = {}
        self._attributes: dict[str, Node] = {}
        self._key: str | None = None
        self._own = False

    def rule(self, logic: Any, flag_key: str) -> CompiledRule:
        """The rule as a function of its data. What is wrong with it shows when it is reached.

        Raises ReferenceLoop when it can't be unfolded, or is too large or too deep.
        """
        self._key = flag_key
        node = self.node(self._resolver.unfold(logic).rule)
        return CompiledRule(node.rule, node.plain)

    def flag_key(self) -> str | None:
        self._own = True
        return self._key

    def node(self, logic: Any) -> Node:
        if isinstance(logic, list):
            return self._list(logic)
        if not isinstance(logic, dict):
            return self._text(logic) if type(logic) is str else constant(logic)
        if len(logic) != 1:
            self._own = True  # an object is equal to itself alone, so each rule has its own
            return constant({**logic})
        if id(logic) in self._resolver.shared:
            return self._evaluator(logic)
        return self._operation(logic)

    def item_node(self, logic: Any) -> Node:
        """What `map` and its kin do with each item, which is then the scope."""
        key, self._key = self._key, None
        node = self.node(logic)
        self._key = key
        return node

    def _operation(self, logic: Mapping[str, Any]) -> Node:
        [(name, arguments)] = logic.items()
        if not isinstance(arguments, list):
            arguments = [arguments]
        if name == "var" and len(arguments) == 1 and type(arguments[0]) is str:
            return self._attribute(arguments[0])
        lazy = LAZY.get(name)
        if lazy:
            return lazy(arguments, self)
        nodes = [self.node(argument) for argument in arguments]
        shortcut = SHORTCUTS.get(name)
        return (shortcut and shortcut(nodes, self)) or _eager(name, nodes)

    def _evaluator(self, logic: Mapping[str, Any]) -> Node:
        node = self._shared.get(id(logic))
        if node is None:
            outer, self._own = self._own, False
            node = self._operation(logic)
            if not self._own:
                self._shared[id(logic)] = node
            self._own |= outer
        return node

    def _list(self, items: Sequence[Any]) -> Node:
        if PLAIN.issuperset(map(type, items)):
            return Node(lambda _data: [*items], constant=True, value=items)
        nodes = [self.node(item) for item in items]
        rules = [node.rule for node in nodes]
        is_constant = all(node.constant for node in nodes)
        return Node(
            lambda data: [rule(data) for rule in rules],
            constant=is_constant,
            value=[node.value for node in nodes] if is_constant else None,
            plain=all_plain(nodes),
        )

    def _attribute(self, name: str) -> Node:
        node = self._attributes.get(name)
        if node is None:
            nodes = [self._text(name)]
            node = SHORTCUTS["var"](nodes, self) or _eager("var", nodes)
            if not name.startswith("$"):
                self._attributes[name] = node
        return node

    def _text(self, text: str) -> Node:
        node = self._texts.get(text)
        if node is None:
            node = self._texts[text] = constant(text)
        return node


def _eager(name: str, nodes: Sequence[Node]) -> Node:
    apply = operators.EAGER.get(name)
    if apply is None:
        return _unknown(name, nodes)
    boolean = name in operators.BOOLEAN
    plain = name not in operators.READS_SCOPE and all_plain(nodes)
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

    return Node(fail, plain=all_plain(nodes))


# Operators that evaluate only what they need


def _if(arguments: Sequence[Any], compiler: Compiler) -> Node:
    arguments = _flat(arguments)
    nodes = [compiler.node(argument) for argument in arguments]
    pairs = [(condition(nodes[i]), nodes[i + 1].rule) for i in range(0, len(nodes) - 1, 2)]
    otherwise = (nodes[-1] if len(nodes) % 2 else constant(None)).rule
    plain = all_plain(nodes)
    if len(pairs) == 1:
        test, result = pairs[0]
        return Node(lambda data: result(data) if test(data) else otherwise(data), plain=plain)

    def choose(data: Any) -> Any:
        for holds, then in pairs:
            if holds(data):
                return then(data)
        return otherwise(data)

    return Node(choose, plain=plain)


def _flat(arguments: Sequence[Any]) -> Sequence[Any]:
    """An `if` as the last `else` of another says the same in one chain."""
    chain = [*arguments]
    while len(chain) % 2:
        last = chain[-1]
        if not (isinstance(last, dict) and len(last) == 1 and isinstance(last.get("if"), list)):
            break
        chain[-1:] = last["if"]
    return chain


def _and(arguments: Sequence[Any], compiler: Compiler) -> Node:
    nodes = [compiler.node(argument) for argument in arguments]
    rules = [node.rule for node in nodes]

    def last_or_first_false(data: Any) -> Any:
        value = None
        for rule in rules:
            value = rule(data)
            if value is not True and not truthy(value):
                return value
        return value

    return Node(last_or_first_false, boolean=_all_boolean(nodes), plain=all_plain(nodes))


def _or(arguments: Sequence[Any], compiler: Compiler) -> Node:
    nodes = [compiler.node(argument) for argument in arguments]
    rules = [node.rule for node in nodes]

    def last_or_first_true(data: Any) -> Any:
        value = None
        for rule in rules:
            value = rule(data)
            if value is not False and truthy(value):
                return value
        return value

    return Node(last_or_first_true, boolean=_all_boolean(nodes), plain=all_plain(nodes))


def _all_boolean(nodes: Sequence[Node]) -> bool:
    return bool(nodes) and all(node.boolean for node in nodes)


def _quantifier(
    otherwise: bool, holds: Callable[[list[Any], Rule], bool]
) -> Callable[[Sequence[Any], Compiler], Node]:
    """`all`, `some` and `none`: [items, condition of an item]."""

    def compile_quantifier(arguments: Sequence[Any], compiler: Compiler) -> Node:
        if len(arguments) < 2:
            return Node(lambda _data: otherwise, boolean=True)
        source, test = compiler.node(arguments[0]), condition(compiler.item_node(arguments[1]))
        items_rule = source.rule

        def quantify(data: Any) -> bool:
            items = items_rule(data)
            return holds(items, test) if isinstance(items, list) else otherwise

        return Node(quantify, boolean=True, plain=source.plain)

    return compile_quantifier


def _filter(arguments: Sequence[Any], compiler: Compiler) -> Node:
    if len(arguments) < 2:
        return Node(lambda _data: [])
    source, test = compiler.node(arguments[0]), condition(compiler.item_node(arguments[1]))
    items_rule = source.rule

    def keep(data: Any) -> list[Any]:
        items = items_rule(data)
        return [item for item in items if test(item)] if isinstance(items, list) else []

    return Node(keep, plain=source.plain)


def _map(arguments: Sequence[Any], compiler: Compiler) -> Node:
    if not arguments:
        return Node(lambda _data: [])
    source = compiler.node(arguments[0])
    items_rule = source.rule
    each = compiler.item_node(arguments[1] if len(arguments) > 1 else None).rule

    def change(data: Any) -> list[Any]:
        items = items_rule(data)
        return [each(item) for item in items] if isinstance(items, list) else []

    return Node(change, plain=source.plain)


def _reduce(arguments: Sequence[Any], compiler: Compiler) -> Node:
    if not arguments:
        return constant(None)
    source = compiler.node(arguments[0])
    items_rule = source.rule
    step = compiler.item_node(arguments[1] if len(arguments) > 1 else None).rule
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


LAZY: Mapping[str, Callable[[Sequence[Any], Compiler], Node]] = {
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
