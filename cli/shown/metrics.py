"""Metrics of apps as plain text for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.shown.text import count, table, time

HEAD = ("NAME", "KIND", "SERVICE", "UNIT", "BETTER", "ABOUT")


def metrics(found: Sequence[Mapping[str, Any]]) -> str:
    if not found:
        return "No metrics are declared yet: events of apps are refused."
    return table(HEAD, [_row(each) for each in found])


def declared(metric: Mapping[str, Any]) -> str:
    return f"{table(HEAD, [_row(metric)])}\n\nIts events are taken within two seconds."


def removed(metric: Mapping[str, Any]) -> str:
    return (
        f"The metric {metric['name']} is removed: its events are refused within two seconds. What "
        "was counted stays."
    )


def restarted(found: Mapping[str, Any]) -> str:
    released = "It was claimed, and is free again." if found["publisher_released"] else ""
    through = found["published_through"]
    published = f"Cloud Monitoring has everything until {time(through)}." if through else ""
    lines = [
        "Collection is restarted: the next tick publishes what is due.",
        released,
        published or "Nothing was published yet.",
        f"{count(found['minutes'], 'minute')} summed up again, {found['minutes_changed']} of them "
        "were not as they ought to be.",
    ]
    return "\n".join(line for line in lines if line)


def _row(each: Mapping[str, Any]) -> tuple[str, ...]:
    better = "-" if each["better"] == "none" else each["better"]
    service = each["service"] or "app"
    return each["name"], each["kind"], service, each["unit"] or "-", better, each["about"]
