"""Tests of alerts as plain text for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cli.shown.text import time


def begun(test: Mapping[str, Any]) -> str:
    """When it ought to be through: minutes, or hours where the rule holds on for so long."""
    return f"The test {test['id']} of {test['rule']} ends at {time(test['ends_at'])} or so."


def stages(found: Mapping[str, Any]) -> list[str]:
    """One line each, those that are still to come as well."""
    width = max(len(each["name"]) for each in found["stages"])
    return [_line(each, width) for each in found["stages"]]


def outcome(found: Mapping[str, Any]) -> str:
    if found["status"] == "passed" and found["only_log"]:
        return (
            f"The test {found['id']} passed, but nobody hears of {found['rule']}: only the log was "
            "told. `palier routes set` says which channel takes it."
        )
    if found["status"] == "passed":
        return f"The alert {found['rule']} reaches people: the test {found['id']} passed."
    missing = [each for each in found["stages"] if each["at"] is None]
    first = missing[0] if missing else found["stages"][-1]
    why = f" ({first['what']})" if first["what"] else ""
    if found["status"] == "running":
        return f"The test {found['id']} is not through yet; it waits for: {first['name']}{why}."
    return f"The test {found['id']} failed at: {first['name']}{why}."


def _line(stage: Mapping[str, Any], width: int) -> str:
    at = time(stage["at"]) if stage["at"] is not None else "-".ljust(19)
    return f"  {at}  {stage['name'].ljust(width)}  {stage['what']}".rstrip()
