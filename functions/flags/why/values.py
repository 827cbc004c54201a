"""The values of a context and of a rule, and the names of attributes, as they are shown. Pure."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Sequence
from typing import Any

LONGEST_VALUE = 60
LONGEST_RULE = 120
LARGEST_EXACT = 2**53
MOST_LISTED = 5

TIME = "$flagd.timestamp"
NAMED = {"targetingKey": "the user", TIME: "the time", "$flagd.flagKey": "the flag's key"}
PLAIN_NAME = re.compile(r"[\w.$-]+")


def shown(value: Any) -> str:
    """A value as JSON, cut where it is long."""
    if isinstance(value, float) and value.is_integer() and abs(value) < LARGEST_EXACT:
        value = int(value)
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        return f'{as_json(value[:LONGEST_VALUE])[:-1]}…" ({len(value):,} characters)'
    return as_json(value, LONGEST_VALUE + 2)


def as_json(value: Any, longest: int = LONGEST_RULE) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except ValueError:  # Python writes no number of more than 4,300 digits
        return "a very large number"
    return text if len(text) <= longest else f"{text[:longest]}…"


def listed(words: Sequence[str], last: str = "and") -> str:
    """`a, b and c`; of many, the first ones and how many more."""
    if len(words) > MOST_LISTED + 1:
        words = [*words[:MOST_LISTED], f"{len(words) - MOST_LISTED:,} more"]
        last = "and"
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def attribute(name: Any) -> str:
    """The name of an attribute, in quotes when it could be taken for something else."""
    if not isinstance(name, str):
        return shown(name)
    return NAMED.get(name) or (name if PLAIN_NAME.fullmatch(name) else shown(name))


def time_words(value: Any) -> str:
    """Seconds since the epoch as a time."""
    try:
        return f"{datetime.datetime.fromtimestamp(value, datetime.UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, TypeError, OverflowError, OSError):
        return shown(value)


def operation(rule: Any) -> tuple[str, list[Any]]:
    """The operator of a rule and its arguments; ("", []) for a value."""
    if not isinstance(rule, dict) or len(rule) != 1:
        return "", []
    [(name, arguments)] = rule.items()
    return name, arguments if isinstance(arguments, list) else [arguments]
