"""Rollbacks as plain text for people. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cli.shown.text import pairs, table, time

HEAD = ("ID", "AT (UTC)", "FLAG", "TAKEN BACK", "SHARE", "BY", "VERIFIED", "WHY")


def rollbacks(found: Sequence[Mapping[str, Any]]) -> str:
    if not found:
        return "No rollbacks yet."
    rows = [
        (
            each["id"],
            time(each["at"]),
            each["flag"],
            f"{each['candidate']} -> {each['control']}",
            f"{each['percentage']:g} %",
            each["by"],
            each["status"],
            each["reason"] or "-",
        )
        for each in found
    ]
    return table(HEAD, rows)


def rollback(found: Mapping[str, Any]) -> str:
    """Everything about one."""
    why = found["verdict"]["sentence"] if found["verdict"] else found["reason"]
    about = [
        ("at", time(found["at"])),
        ("by", found["by"]),
        ("why", why or "no reason given"),
        ("share", f"{found['percentage']:g} % of the users had {found['candidate']}"),
        ("generation", f"{found['generation_before']} -> {found['generation']}"),
        ("quarantined", "yes" if found["quarantined"] else "no"),
        ("incidents", ", ".join(found["incidents"]) or "none"),
        ("verified", found["status"]),
    ]
    checks = [
        (check["name"], check["status"], check["english"] or "not yet known")
        for check in found["checks"]
    ]
    first = f"{found['id']}  {found['flag']}: {found['candidate']} -> {found['control']}"
    lines = [first, "", *pairs(about)]
    if checks:
        lines += ["", table(("CHECK", "RESULT", "FOUND"), checks)]
    for flag in found["flags"]:
        lines += ["", *_flag(flag)]
    return "\n".join(lines)


def _flag(flag: Mapping[str, Any]) -> list[str]:
    if flag["revision_before"] is None:
        return [f"{flag['flag']}: nobody noted what it was before the rollout."]
    if not flag["differences"]:
        return [f"{flag['flag']}: exactly as before the rollout."]
    return [
        f"{flag['flag']}: differs from before the rollout",
        *(
            f"  {each['path']}: {_side(each, 'before')} -> {_side(each, 'after')}"
            for each in flag["differences"]
        ),
    ]


def _side(difference: Mapping[str, Any], name: str) -> str:
    return json.dumps(difference[name], ensure_ascii=False) if name in difference else "nothing"
