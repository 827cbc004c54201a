"""Versions of stories, and what became of a user's, as plain text for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.shown.text import count, table, time

HEAD = ("VERSION", "MODEL", "FALLBACK", "PROMPT", "HANDLER", "CREATED (UTC)", "SERVED")


def versions(found: Sequence[Mapping[str, Any]]) -> str:
    if not found:
        return "No version of stories was created in this environment."
    rows = [
        (
            each["version"],
            each["model"],
            each.get("fallback") or "-",
            each["prompt"],
            each["handler"],
            time(each["created_at"]),
            "yes" if each["served"] else f"no: {each['why']}",
        )
        for each in found
    ]
    return table(HEAD, rows)


def created(found: Mapping[str, Any]) -> str:
    name = found["version"]["version"]
    return (
        f"Version {name} is a variant of the flag stories.version. "
        f"Generation {found['generation']} is being served.\n"
        f"Release it: palier rollout create stories.version {name} --plan canary"
    )


def erased(found: Mapping[str, Any]) -> str:
    if not found["stories"]:
        return "There was no story of this user."
    number = count(found["stories"], "story", "stories")
    return f"{number} erased. Generation {found['generation']} is being served."
