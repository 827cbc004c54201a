"""Segments as plain text for people. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cli.shown.text import WIDTH, below, laid_out, named, one_line, pairs, table

SHORT = 40


def segments(found: Sequence[Mapping[str, Any]]) -> str:
    if not found:
        return "No segments yet."
    rows = [
        (
            each["key"],
            str(each["revision"]),
            str(len(each["included"])),
            str(len(each["excluded"])),
            _shortened(one_line(each["rule"])) if each["rule"] else "-",
            each["description"],
        )
        for each in found
    ]
    return table(("KEY", "REVISION", "INCLUDED", "EXCLUDED", "RULE", "DESCRIPTION"), rows)


def segment(found: Mapping[str, Any]) -> str:
    """Everything about one."""
    about = [
        *below("rule", laid_out(found["rule"], WIDTH) if found["rule"] else []),
        ("included", named(found["included"])),
        ("excluded", named(found["excluded"])),
        ("used by", ", ".join(found["used_by"]) or "nothing"),
        ("revision", str(found["revision"])),
    ]
    first = [found["key"], *([found["description"]] if found["description"] else [])]
    return "\n".join([*first, "", *pairs(about)])


def _shortened(text: str) -> str:
    return text if len(text) <= SHORT else f"{text[: SHORT - 3]}..."
