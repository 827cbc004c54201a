"""What is different between two versions, line by line: `- ` what was, `+ ` what is. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from cli.shown.text import laid_out, time

WIDTH = 72
CONTEXT = 2
DEFINITION = "definition"
_ABSENT = object()


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """By field; flagd's definition counts as its own fields."""
    was, now = _fields(before), _fields(after)
    lines: list[str] = []
    for name in [*now, *(name for name in was if name not in now)]:
        lines += _field(name, was.get(name, _ABSENT), now.get(name, _ABSENT))
    return lines


def _fields(content: Mapping[str, Any]) -> dict[str, Any]:
    beside = {name: value for name, value in content.items() if name != DEFINITION}
    if beside.get("ends_at"):
        beside["ends_at"] = f"{time(beside['ends_at'])} UTC"
    return {**(content.get(DEFINITION) or {}), **beside}


def _field(name: str, was: Any, now: Any) -> Iterator[str]:
    before, after = _lines(was), _lines(now)
    if before == after:
        return
    if len(before) <= 1 and len(after) <= 1:
        yield from (f"- {name}: {line}" for line in before)
        yield from (f"+ {name}: {line}" for line in after)
        return
    yield f"  {name}:"
    told = list(difflib.unified_diff(before, after, lineterm="", n=CONTEXT))
    for line in told[3:]:  # after the two names and the first place
        yield "    ..." if line.startswith("@@") else f"{line[0]}   {line[1:]}"


def _lines(value: Any) -> list[str]:
    return [] if value is _ABSENT else laid_out(value, WIDTH)
