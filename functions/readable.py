"""Definitions as this bundle can read them. Pure.

A later bundle may have written one that this one knows nothing of, and one may be damaged. It is
left out, and takes no other with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")

Definitions = Mapping[str, Mapping[str, Any]]
"""What is published of a kind, by id."""


def readable(
    definitions: Definitions, read: Callable[[str, Mapping[str, Any]], T]
) -> tuple[dict[str, T], tuple[str, ...]]:
    """Those that can be read, and the ids of those that can't; in the order of their ids."""
    found: dict[str, T] = {}
    unreadable: list[str] = []
    for name, definition in sorted(definitions.items()):
        try:
            found[name] = read(name, definition)
        except Exception:  # whatever is wrong with one, the others hold
            unreadable.append(name)
    return found, tuple(unreadable)


def number(value: object) -> float:
    """Raises ValueError for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("a number is expected")  # noqa: TRY004, one error for all that is wrong
    return value


def texts(values: Iterable[object]) -> None:
    """Raises ValueError where one is no text."""
    if not all(isinstance(value, str) for value in values):
        raise ValueError("a text is expected")
