"""Which flags and segments an explanation needs beside those at hand. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from functions.flags.flag import Flag
from functions.flags.segment import Segment
from functions.flags.validation import KEY, references


def needs(flags: Iterable[Flag], segments: Iterable[Segment]) -> tuple[set[str], set[str]]:
    """The keys of the flags that these require, and of the segments that their rules refer to.

    Nothing is asked of an archived flag.
    """
    live = [flag for flag in flags if not flag.archived]
    required = {each.flag for flag in live for each in flag.prerequisites}
    rules = [flag.definition.get("targeting") for flag in live]
    rules += [dict(segment.rule) for segment in segments]
    referred = {name for rule in rules for _, name in references(rule, "$")}
    return required, set(filter(KEY.fullmatch, referred))
