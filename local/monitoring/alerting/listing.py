"""Filters, order and pages of lists of policies and channels. Pure.

Filters are comparisons joined by AND: `display_name="x"`, `user_labels.palier="rule"`,
`user_labels=has_key("x")`, `type="email"`, with `=`, `!=` and starts_with.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from local.monitoring.rules import InvalidRequest

LARGEST_PAGE = 1000
COMPARISON = re.compile(
    r"\s*(?P<field>[a-z_]+)(?:\.(?P<key>[a-z0-9_-]+)|\[\s*\"(?P<quoted>[^\"]+)\"\s*\])?\s*"
    r"(?P<operator>!?=)\s*"
    r"(?:(?P<function>starts_with|has_key)\(\s*)?[\"'](?P<value>[^\"']*)[\"'](?(function)\s*\))\s*"
)
FIELDS = ("name", "display_name", "type", "user_labels", "labels")
ATTRIBUTES = {"type": "type_"}
"""The client library's name of a field, where it is not the API's."""


def listed(found: Sequence[Any], filter_: str, order_by: str) -> list[Any]:
    """What a list shows. Raises InvalidRequest for what is not known here."""
    comparisons = [_parsed(part) for part in re.split(r"\s+AND\s+", filter_) if part.strip()]
    kept = [one for one in found if all(_holds(match, one) for match in comparisons)]
    field = order_by.removeprefix("-").strip()
    if field and field not in ("name", "display_name", "type"):
        raise InvalidRequest(f'Field order_by had an invalid value of "{order_by}".')
    if not field:
        return kept
    return sorted(kept, key=lambda one: _text(one, field, ""), reverse=order_by.startswith("-"))


def page(found: Sequence[Any], size: int, token: str) -> tuple[Sequence[Any], str]:
    """A page, and the token of the next one ("" at the end). Raises InvalidRequest."""
    if size < 0 or (token and not token.isdigit()):
        raise InvalidRequest("Field page_size or page_token had an invalid value.")
    first = int(token or 0)
    last = first + min(size or LARGEST_PAGE, LARGEST_PAGE)
    return found[first:last], str(last) if last < len(found) else ""


def _parsed(part: str) -> re.Match[str]:
    match = COMPARISON.fullmatch(part)
    if match is None or match["field"] not in FIELDS:
        raise InvalidRequest(f'Field filter had an invalid value of "{part.strip()}".')
    return match


def _holds(match: re.Match[str], one: Any) -> bool:
    key = match["key"] or match["quoted"] or ""
    if match["function"] == "has_key":
        like = match["value"] in getattr(one, match["field"])
    else:
        found = _text(one, match["field"], key)
        prefix = match["function"] == "starts_with"
        like = found.startswith(match["value"]) if prefix else found == match["value"]
    return like == (match["operator"] == "=")


def _text(one: Any, field: str, key: str) -> str:
    value: Any = getattr(one, ATTRIBUTES.get(field, field), "")
    return str(value.get(key, "")) if key else str(value)
