"""The part of Cloud Monitoring's filters that listing needs: conditions joined by AND. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.monitoring.rules import InvalidRequest, SeriesKey

CONDITION = re.compile(
    r"\s*(?P<field>[a-z_]+(?:\.[A-Za-z0-9_]+)+)\s*=\s*"
    r'(?:(?P<starts>starts_with)\(\s*)?"(?P<value>[^"]*)"(?(starts)\s*\))\s*'
)


@dataclass(frozen=True)
class Condition:
    """A field of a series equals a text, or begins with it."""

    field: str
    value: str
    prefix: bool

    def holds(self, key: SeriesKey) -> bool:
        found = _field(self.field, key)
        return found.startswith(self.value) if self.prefix else found == self.value


def parse(text: str) -> list[Condition]:
    """Raises InvalidRequest for what it does not know."""
    conditions = []
    for part in re.split(r"\sAND\s", text) if text.strip() else []:
        match = CONDITION.fullmatch(part)
        if match is None:
            raise InvalidRequest(f'Field filter had an invalid value of "{text}".')
        condition = Condition(match["field"], match["value"], match["starts"] is not None)
        condition.holds(SeriesKey("", (), "", ()))
        conditions.append(condition)
    return conditions


def _field(name: str, key: SeriesKey) -> str:
    if name == "metric.type":
        return key.metric
    if name == "resource.type":
        return key.resource
    place, _, label = name.partition(".labels.")
    if label and place == "metric":
        return dict(key.labels).get(label, "")
    if label and place == "resource":
        return dict(key.resource_labels).get(label, "")
    raise InvalidRequest(f'Field filter had an invalid value: "{name}" is not known here.')
