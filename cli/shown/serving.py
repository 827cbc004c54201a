"""What serves a service, as plain text for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.shown.text import below, pairs, table, time

Shown = Mapping[str, Any]


def servings(found: Sequence[Shown]) -> str:
    if not found:
        return "Palier knows of nothing that serves: palier serving set SERVICE says where it runs."
    rows = [
        (
            each["service"],
            each["cloud_run"].rpartition("/")[2] or "-",
            str(len(each["revisions"])),
            each["health_url"] or "-",
        )
        for each in found
    ]
    return table(("SERVICE", "CLOUD RUN", "REVISIONS", "HEALTH"), rows)


def serving(each: Shown) -> str:
    revisions = [f"{version}: {name}" for version, name in sorted(each["revisions"].items())]
    lines = pairs(
        [
            ("cloud run", each["cloud_run"]),
            *below("revisions", revisions),
            ("health", each["health_url"]),
        ]
    )
    traffic = each.get("traffic")
    return "\n".join([each["service"], *lines, *(_traffic(traffic) if traffic else [])])


def _traffic(traffic: Shown) -> list[str]:
    shares = sorted(traffic["shares"].items(), key=lambda each: (-each[1], each[0]))
    meant = f"{traffic['revision']}, {traffic['comparison']}" if traffic["revision"] else ""
    lines = pairs(
        [
            ("asked", f"{time(traffic['at'])} UTC" if traffic["at"] else "never answered"),
            *below("traffic", [f"{percent} % {name}" for name, percent in shares]),
            ("meant for", meant),
            ("trouble", traffic["trouble"]),
        ]
    )
    return [*lines, *(_move(traffic["move"]) if traffic["move"] else [])]


def _move(move: Shown) -> list[str]:
    ended = f", {time(move['ended_at'])} UTC" if move["ended_at"] else ""
    return [
        "",
        f"After the rollback of {move['rollout']}, all traffic to {move['revision']} "
        f"({move['version']}):",
        *pairs(
            [
                ("asked for", f"{time(move['asked_at'])} UTC"),
                ("became", f"{move['became']}{ended}"),
                ("reason", move["reason"]),
            ]
        ),
    ]
