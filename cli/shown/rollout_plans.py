"""Plans of rollouts as plain text for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.shown.text import table, time

FRENCH = "fr"
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0


def plans(found: Sequence[Mapping[str, Any]], language: str) -> str:
    """Each template with what it does."""
    return "\n\n".join(
        "\n".join([each["name"], *(f"  {line}" for line in _told(each, language))])
        for each in found
    )


def foretold(found: Mapping[str, Any], language: str) -> str:
    """What a plan would do, and how soon it would see what."""
    lines = _told(found, language)
    rows = [
        (
            str(each["stage"] + 1),
            f"{each['percentage']:g} %",
            f"{100 * each['control']:.3g} %",
            f"{100 * each['candidate']:.3g} %",
            "-" if each["seconds"] is None else _time(each["seconds"]),
        )
        for each in found["what_if"]
    ]
    if not rows:
        return "\n".join(lines)
    head = ("STAGE", "SHARE", "OLD FAILS", "NEW FAILS", "SEEN AFTER")
    traffic = found["traffic"]
    measured = f", in {traffic['hours']} hours" if traffic["hours"] else ""
    used = (
        f"At {traffic['requests_per_second']:.3g} requests a second, "
        f"{100 * traffic['error_rate']:.3g} % of which fail{measured}:"
    )
    return "\n".join([*lines, "", used, table(head, rows)])


def backtested(found: Mapping[str, Any], language: str) -> str:
    """What would have been done when, and what was known at the end."""
    french = language == FRENCH
    rows = []
    for step in found["steps"]:
        verdict = step["verdict"]
        said = (step["sentence_fr"] if french else verdict["sentence"]) if verdict else ""
        rows.append((time(step["at"]), step["kind"], str(step["stage"] + 1), said))
    lines = [
        f"{found['requests']:,} requests to the new version, {found['requests_control']:,} to the "
        f"old one; compared as {100 * found['share']:.3g} % of the users. Looked at "
        f"{found['looks']:,} times, once a minute.",
        "",
        table(("WHEN (UTC)", "WHAT", "STAGE", "WHY"), rows),
    ]
    if found["last"]:
        lines += ["", found["last_fr"] if french else found["last"]["sentence"]]
    lines += ["", f"What stored minutes can't tell was left out: {', '.join(found['left_out'])}."]
    return "\n".join(lines)


def _told(found: Mapping[str, Any], language: str) -> list[str]:
    return list(found["preview_fr" if language == FRENCH else "preview"])


def _time(seconds: float) -> str:
    for size, name in ((DAY, "days"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {name}"
    return f"{seconds:.0f} s"
