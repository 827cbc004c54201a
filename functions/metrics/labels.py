"""Names that data is counted by are capped: what is too much goes to one named `other`. Pure.

Of too many names the first of the alphabet stay, so any order of merging keeps the same ones, and
`other` gets the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

OTHER = "other"
"""Stands for every name beyond the cap. Nobody may report under it."""

OTHER_CODE = "OTHER"
"""The same among the codes of errors."""

T = TypeVar("T")


def capped(
    named: Mapping[str, T], cap: int, other: str, add: Callable[[T, T], T]
) -> Mapping[str, T]:
    """At most `cap` names and `other`; the same mapping when there are no more."""
    if len(named) <= cap:
        return named
    names = sorted(name for name in named if name != other)
    kept = {name: named[name] for name in names[:cap]}
    rest = [named[name] for name in names[cap:]]
    if other in named:
        rest.append(named[other])
    if rest:
        total = rest[0]
        for one in rest[1:]:
            total = add(total, one)
        kept[other] = total
    return kept


def moved(
    merged: Mapping[str, T],
    first: Mapping[str, T],
    second: Mapping[str, T],
    other: str,
    size: Callable[[T], int],
) -> int:
    """How many observations went to `other` when both were merged; they had names before."""
    if other not in merged:
        return 0
    before = sum(size(part[other]) for part in (first, second) if other in part)
    return size(merged[other]) - before
