"""Rules in the notation of flagd's schema (open-feature/flagd-schemas, json/targeting.yaml). Pure.

JsonLogic lets an operator with one argument do without a list, knows `?:` for `if` and `log`, and
flagd reads `v1` for `1.0.0`. The schema knows none of that: `formal` writes it out, with the same
meaning. What the schema has no notation for at all is refused when a flag is written; COUNTS says
how many arguments it wants.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.flags.logic.versions import completed

COUNTS: Mapping[str, tuple[int, int | None]] = {
    **dict.fromkeys(("==", "===", "!=", "!==", ">", ">=", "%", "/", "in"), (2, 2)),
    **dict.fromkeys(("map", "filter", "all", "none", "some"), (2, 2)),
    **dict.fromkeys(("<", "<=", "substr"), (2, 3)),
    "reduce": (3, 3),
    "*": (2, None),
    **dict.fromkeys(("if", "?:", "and", "or", "cat", "merge", "+", "-", "min", "max"), (1, None)),
    "log": (1, 1),
}
"""The least and the most arguments of an operator; those with checks of their own are left out."""

PLAIN = frozenset((str, int, float, bool, type(None)))
BARE = ("!", "!!", "var")
"""Operators whose one argument may stand without a list."""


def formal(rule: Any) -> Any:
    """The rule in the schema's notation; the same object where it is in it already."""
    if isinstance(rule, list):
        return _formal_list(rule)
    if not isinstance(rule, dict) or len(rule) != 1 or "$ref" in rule:
        return rule
    name, given = next(iter(rule.items()))
    arguments = formal(given if isinstance(given, list) or name in BARE else [given])
    if name in ("?:", "log"):
        name = "if"  # which gives its only argument, as `log` does
    elif name == "sem_ver" and len(arguments) == 3:
        arguments = [_version(arguments[0]), arguments[1], _version(arguments[2])]
    elif name == "fractional" and isinstance(arguments[0], str):
        arguments = [{"cat": arguments[:1]}, *arguments[1:]]
    return rule if name in rule and arguments is given else {name: arguments}


def _formal_list(items: list[Any]) -> list[Any]:
    if PLAIN.issuperset(map(type, items)):
        return items
    written = [formal(item) for item in items]
    changed = any(new is not old for new, old in zip(written, items, strict=True))
    return written if changed else items


def _version(value: Any) -> Any:
    return value if isinstance(value, (dict, list)) else completed(str(value))
