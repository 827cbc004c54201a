"""Why a user gets what they get, as an indented tree. Pure.

`=>` begins the step that decided, `*` all others.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from cli.shown.flags import IN_CODE
from cli.shown.text import WIDTH, one_line

INDENT = 4


def explanation(key: str, context: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    *before, decided = found["steps"]
    lines = [_given(key, context, found["evaluation"]), ""]
    for step in before:
        lines += _told(step, "*", 0)
    of = f"Revision {found['revision']} of the flag, generation {found['generation']}."
    return "\n".join([*lines, *_told(decided, "=>", 0), "", of])


def _given(key: str, context: Mapping[str, Any], evaluation: Mapping[str, Any]) -> str:
    user = context.get("targetingKey")
    who = str(user) if user else "somebody without a targetingKey"
    code = evaluation.get("errorCode")
    why = f"{evaluation['reason']}, {code}" if code else evaluation["reason"]
    if evaluation["variant"] is None:
        return f"{who} gets {IN_CODE} of {key} ({why})."
    value = one_line(evaluation["value"])
    return f"{who} gets the variant {evaluation['variant']} of {key}: {value} ({why})."


def _told(step: Mapping[str, Any], mark: str, depth: int) -> Iterator[str]:
    begin = " " * (INDENT * depth + 2)
    width = max(WIDTH // 2, WIDTH - len(begin) - 3)
    first, *others = textwrap.wrap(step["sentence"], width) or [""]
    yield f"{begin}{mark.ljust(2)} {first}"
    yield from (f"{begin}   {line}" for line in others)
    for each in step["steps"]:
        yield from _told(each, "*", depth + 1)
