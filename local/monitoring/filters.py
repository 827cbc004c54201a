"""The part of Cloud Monitoring's filters that series need: conditions joined by AND. Pure.

    metric.type = "custom.googleapis.com/palier/requests" AND metric.labels.service = "stories"

Known comparisons: `=`, `!=`, starts_with, ends_with, has_substring, one_of, and
monitoring.regex.full_match.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from local.monitoring.rules import InvalidRequest, SeriesKey

LONGEST = 2048
TEXT = r'"(?:[^"\\]|\\.)*"'
CONDITION = re.compile(
    r"\s*(?P<field>[a-z_]+(?:\.[A-Za-z0-9_]+)+)\s*(?P<operator>!?=)\s*"
    r"(?:(?P<function>starts_with|ends_with|has_substring|one_of|monitoring\.regex\.full_match)"
    rf"\(\s*)?(?P<values>{TEXT}(?:\s*,\s*{TEXT})*)(?(function)\s*\))\s*"
)
JOINED = re.compile(r"AND\s")


@dataclass(frozen=True)
class Condition:
    """A field of a series is like a text, or one of several; with `negated`, it is not."""

    field: str
    values: tuple[str, ...]
    function: str = ""
    negated: bool = False

    def holds(self, key: SeriesKey) -> bool:
        found = _field(self.field, key)
        if not self.function:
            return (found == self.values[0]) != self.negated
        return any(_like(self.function, found, value) for value in self.values) != self.negated

    @property
    def exact(self) -> str | None:
        """The one text that the field must equal; None when it may be several."""
        return self.values[0] if not self.function and not self.negated else None


def parse(text: str) -> list[Condition]:
    """Raises InvalidRequest for what it does not know."""
    conditions: list[Condition] = []
    place, end = 0, len(text.rstrip())
    while place < end:
        joined = JOINED.match(text, place) if conditions else None
        match = CONDITION.match(text, joined.end() if joined else place)
        if match is None or (conditions and joined is None):
            raise InvalidRequest(f'Field filter had an invalid value of "{text}".')
        conditions.append(_condition(match, text))
        place = match.end()
    return conditions


def _condition(match: re.Match[str], text: str) -> Condition:
    values = re.findall(TEXT, match["values"])
    if len(values) > 1 and match["function"] != "one_of":
        raise InvalidRequest(f'Field filter had an invalid value of "{text}".')
    condition = Condition(
        match["field"],
        tuple(re.sub(r"\\(.)", r"\1", value[1:-1]) for value in values),
        match["function"] or "",
        match["operator"] == "!=",
    )
    condition.holds(SeriesKey("", (), "", ()))
    return condition


def only(conditions: Sequence[Condition], field: str) -> str | None:
    """The one text that a filter demands of a field; None when it demands none, or several."""
    found = {condition.exact for condition in conditions if condition.field == field}
    return found.pop() if len(found) == 1 else None


def _like(function: str, found: str, value: str) -> bool:
    if function == "starts_with":
        return found.startswith(value)
    if function == "ends_with":
        return found.endswith(value)
    if function == "has_substring":
        return value in found
    if function == "monitoring.regex.full_match":
        try:
            return re.fullmatch(value, found) is not None
        except re.error as problem:
            raise InvalidRequest(f'Field filter: "{value}" is no pattern: {problem}.') from None
    return found == value  # one_of


def _field(name: str, key: SeriesKey) -> str:
    if name == "metric.type":
        return key.metric
    if name == "resource.type":
        return key.resource
    place, label = _label(name)
    labels = key.labels if place == "metric" else key.resource_labels
    return next((value for own, value in labels if own == label), "")


@cache
def _label(name: str) -> tuple[str, str]:
    """Where a label is, and its name."""
    place, _, label = re.sub(r"\.labels?\.", ".labels.", name).partition(".labels.")
    if not label or place not in ("metric", "resource"):
        raise InvalidRequest(f'Field filter had an invalid value: "{name}" is not known here.')
    return place, label
