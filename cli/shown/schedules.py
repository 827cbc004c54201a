"""Scheduled changes as plain text for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.shown.text import table, time

Shown = Mapping[str, Any]


def schedules(found: Sequence[Shown]) -> str:
    if not found:
        return "No scheduled changes."
    rows = [
        (
            each["id"],
            time(each["at"]),
            each["flag"],
            what(each),
            each["state"],
            each["by"],
            each["why"] or each["reason"],
        )
        for each in found
    ]
    return table(("ID", "AT (UTC)", "FLAG", "WHAT", "STATE", "BY", "WHY"), rows)


def what(schedule: Shown) -> str:
    """In a few words, the flag apart."""
    if schedule["action"] == "edit":
        return f"edit {', '.join(schedule['changes'])}"
    return str(schedule["action"])


def created(schedule: Shown) -> str:
    return (
        f"{schedule['id']}: {schedule['flag']} at {time(schedule['at'])} UTC: {what(schedule)}.\n"
        f"Take it back: palier schedules cancel {schedule['id']} --reason ..."
    )


def cancelled(schedule: Shown) -> str:
    return f"{schedule['id']} is cancelled: {schedule['flag']} stays as it is."
