"""Semantic versions as flagd's `sem_ver` compares them (semver.org 2.0.0, a little wider).

A leading `v` is allowed and missing parts count as 0. Build metadata is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

Version = tuple[tuple[int, int, int], tuple[Any, ...]]
"""(major, minor, patch) and a key that orders pre-releases, below the release itself."""

_IDENTIFIER = r"(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
_PATTERN = (
    r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    rf"(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?"
    r"(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?"
)
_CACHED_LENGTH = 64
_RELEASE: tuple[Any, ...] = (1,)


def parse_version(text: str) -> Version | None:
    """The version, or None when the text is none."""
    return _cached(text) if len(text) <= _CACHED_LENGTH else _parse(text)


def completed(text: str) -> str:
    """Without a leading `v`, and with all three numbers."""
    if text.startswith(("v", "V")):
        text = text[1:]
    numbers = text.split("-")[0].split("+")[0]
    missing = 2 - numbers.count(".")
    return numbers + ".0" * missing + text[len(numbers) :] if missing > 0 else text


def _parse(text: str) -> Version | None:
    match = re.fullmatch(_PATTERN, completed(text))
    if match is None:
        return None
    major, minor, patch, prerelease = match.groups()
    try:
        return (int(major), int(minor), int(patch)), _prerelease_key(prerelease)
    except ValueError:  # Python reads no more than 4,300 digits
        return None


_cached = lru_cache(maxsize=4096)(_parse)


def _prerelease_key(prerelease: str | None) -> tuple[Any, ...]:
    if prerelease is None:
        return _RELEASE
    # Numbers come before words and compare as numbers (by length, then digits: they have no
    # leading zeros); fewer identifiers come first.
    parts = prerelease.split(".")
    return 0, tuple((0, len(part), part) if part.isdigit() else (1, 0, part) for part in parts)


COMPARISONS: Mapping[str, Callable[[Version, Version], bool]] = {
    "=": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "^": lambda left, right: left[0][0] == right[0][0],
    "~": lambda left, right: left[0][:2] == right[0][:2],
}


def compare_versions(left: Any, comparison: Any, right: Any) -> bool | None:
    """None when a side is not a version or the comparison is not one of COMPARISONS."""
    first, second = parse_version(str(left)), parse_version(str(right))
    compare = COMPARISONS.get(comparison) if isinstance(comparison, str) else None
    if first is None or second is None or compare is None:
        return None
    return compare(first, second)
