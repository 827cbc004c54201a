"""Channels, routes and deliveries as plain text for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.shown.text import pairs, table, time

Shown = Mapping[str, Any]


def channels(found: Sequence[Shown]) -> str:
    rows = [
        (each["id"], each["kind"], each["language"], _pages(each), _health(each), each["about"])
        for each in found
    ]
    return table(("ID", "KIND", "LANGUAGE", "PAGES", "HEALTH", "ABOUT"), rows)


def defined(channel: Shown) -> str:
    secrets = ", ".join(channel["secrets"]) or "none"
    return (
        f"{channel['id']}: {channel['kind']}, secrets set: {secrets}.\n"
        f"See whether it works: palier channels test {channel['id']} --reason ..."
    )


def tested(delivery: str) -> str:
    return (
        "A message is on its way; it leaves with the next look of the controller.\n"
        f"See what became of it: palier deliveries show {delivery}"
    )


def routes(found: Sequence[Shown]) -> str:
    if not found:
        return "No routes: everything goes to the log."
    rows = [
        (
            each["id"],
            ", ".join(each["channels"]),
            ", ".join(each["severities"]) or "all",
            ", ".join(each["events"]) or "all",
            ", ".join(each["levels"]) or "any",
            each["about"] or "anything",
        )
        for each in found
    ]
    return table(("ID", "CHANNELS", "SEVERITIES", "EVENTS", "LEVELS", "ABOUT"), rows)


def deliveries(found: Sequence[Shown]) -> str:
    if not found:
        return "No deliveries."
    rows = [
        (
            time(each["created_at"]),
            each["id"],
            each["channel"],
            each["severity"],
            each["event"],
            each["status"],
            str(each["attempts"]),
            each["reason"],
        )
        for each in found
    ]
    head = ("CREATED (UTC)", "ID", "CHANNEL", "SEVERITY", "EVENT", "STATUS", "ATTEMPTS", "REASON")
    return table(head, rows)


def delivery(found: Shown, texts: Mapping[str, Shown]) -> str:
    lines = pairs(
        [
            ("status", found["status"]),
            ("channel", found["channel"]),
            ("about", found["about"]),
            ("event", f"{found['severity']} {found['event']}"),
            ("created", time(found["created_at"])),
            ("attempts", str(found["attempts"])),
            ("next", time(found["due_at"]) if found["due_at"] else ""),
            ("ended", time(found["ended_at"]) if found["ended_at"] else ""),
            ("reason", found["reason"]),
        ]
    )
    said = [f"\n[{language}] {each['title']}\n{each['text']}" for language, each in texts.items()]
    return "\n".join([found["id"], *lines, *said])


def _pages(channel: Shown) -> str:
    return "Cloud Monitoring" if channel["pages"] == "cloud_monitoring" else "Palier"


def _health(channel: Shown) -> str:
    health = channel["health"]
    return f"{health['state']}: {health['reason']}" if health["reason"] else str(health["state"])
