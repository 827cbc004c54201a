"""Which variants a published flag can give at all, read off its rules without evaluating. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Outcomes = frozenset[str | None]
"""Names of variants; None stands for the default in the caller's code."""


class Unforeseen(Exception):
    """A rule that may lead to anything: it takes the variant's name from the context, say."""


def outcomes(definition: Mapping[str, Any], *, unhashed: bool = True) -> Outcomes | None:
    """What flagd's definition can give, whoever asks; None when the rules don't tell.

    Rather too many than too few: conditions are not looked at. Without `unhashed` those are left
    out whom a `fractional` can't place, for want of a targeting key.
    """
    default = definition.get("defaultVariant")
    if definition["state"] == "DISABLED":
        return frozenset({None})
    try:
        led_to = frozenset(_of(definition.get("targeting") or None, unhashed))
    except Unforeseen:
        return None
    return frozenset(default if each is None else each for each in led_to)


def _of(rule: Any, unhashed: bool) -> Iterator[str | None]:
    """None where the rule leads to nothing."""
    if rule is None or isinstance(rule, str):
        yield rule
        return
    if not isinstance(rule, dict) or len(rule) != 1:
        raise Unforeseen
    [(operator, arguments)] = rule.items()
    if operator in ("if", "?:") and isinstance(arguments, list):
        yield from _of_branches(arguments, unhashed)
    elif operator == "fractional" and isinstance(arguments, list):
        yield from [None] if unhashed else []
        yield from _of_shares(arguments)
    else:
        raise Unforeseen


def _of_branches(branches: list[Any], unhashed: bool) -> Iterator[str | None]:
    for then in branches[1::2]:
        yield from _of(then, unhashed)
    yield from _of(branches[-1] if len(branches) % 2 else None, unhashed)


def _of_shares(arguments: list[Any]) -> Iterator[str | None]:
    shares = arguments if arguments and isinstance(arguments[0], list) else arguments[1:]
    for share in shares:
        if not isinstance(share, list) or not share or not isinstance(share[0], str):
            raise Unforeseen
        if len(share) < 2 or share[1] != 0:
            yield share[0]
