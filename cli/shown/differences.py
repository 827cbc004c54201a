"""What is different between two versions, place by place: `- ` what was, `+ ` what is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cli.shown.text import laid_out, time

WIDTH = 88
DEFINITION = "definition"


def lines(differences: Iterable[Mapping[str, Any]]) -> list[str]:
    """Of differences as the admin API tells them: `path`, and `before`, `after` or both."""
    return [line for each in differences for line in _told(each)]


def _told(difference: Mapping[str, Any]) -> Iterator[str]:
    """The fields of flagd's definition are called by their own names."""
    path = difference["path"].removeprefix("$.")
    name = path.removeprefix(f"{DEFINITION}.")
    if path == DEFINITION and "before" not in difference:
        for field, value in difference["after"].items():
            yield from _told({"path": field, "after": value})
        return
    for sign, side in (("-", "before"), ("+", "after")):
        if side in difference:
            value = difference[side]
            if path == "ends_at" and value is not None:
                value = f"{time(value)} UTC"
            first, *others = laid_out(value, WIDTH - len(name))
            yield f"{sign} {name}: {first}"
            yield from (f"{sign} {line}" for line in others)
