"""The shapes of what people read: tables, times, JSON that fits a screen."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Sequence
from typing import Any

WIDTH = 100

Row = Sequence[str]


def table(head: Row, rows: Iterable[Row]) -> str:
    """Columns of even width; the last one runs free."""
    lines = [head, *([" ".join(cell.split()) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def pairs(found: Iterable[tuple[str, str]]) -> list[str]:
    """Names with their values, in two columns; without those that have no value."""
    told = [(name, value) for name, value in found if value]
    width = max((len(name) for name, _ in told), default=0)
    return [f"  {name.ljust(width)}  {value}" for name, value in told]


def below(name: str, lines: Sequence[str]) -> list[tuple[str, str]]:
    """For `pairs`: lines below each other beside one name."""
    return [(name if index == 0 else "", line) for index, line in enumerate(lines)]


def named(names: Sequence[str], most: int = 10) -> str:
    """The first of them, and how many more."""
    more = len(names) - most
    first = ", ".join(names[:most])
    return f"{first} and {more:,} more" if more > 0 else first


def time(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")


def count(number: int, one: str, many: str = "") -> str:
    """`1 flag`, `2 flags`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def one_line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def laid_out(value: Any, width: int = WIDTH) -> list[str]:
    """JSON in lines: what fits into `width` on one, all else with its items below each other."""
    flat = one_line(value)
    if len(flat) <= width or not isinstance(value, dict | list) or not value:
        return [flat]
    named = isinstance(value, dict)
    items = list(value.items()) if isinstance(value, dict) else [("", each) for each in value]
    lines = ["{" if named else "["]
    for index, (name, item) in enumerate(items):
        label = f"{one_line(name)}: " if named else ""
        first, *others = laid_out(item, width - 2 - len(label))
        body = [f"  {label}{first}", *(f"  {line}" for line in others)]
        body[-1] += "," if index < len(items) - 1 else ""
        lines += body
    return [*lines, "}" if named else "]"]
