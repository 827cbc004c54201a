"""The figures of runbook pages, from the rules and templates. Pure.

What to do is written by people; how much is too much, for how long and of which sample stands in
one place only. `python -m local.runbooks` puts it into the pages, a test compares them.
"""

from __future__ import annotations

from collections.abc import Iterable

from functions.alerts.rule import ABOVE, ABSENCE, BURN_RATE, Rule
from functions.alerts.templates import TEMPLATES
from functions.alerts.thresholds import BUILT_IN
from functions.alerts.words import value_of

HEADS = ("severity", "threshold", "window", "fires", "stays until well for", "least sample")
INDEX_HEADS = ("alert", "severity", "too much is")
HEADINGS = ("## What it says", "## What Palier did", "## Look", "## Do", "## Over")


def pages() -> dict[str, Rule]:
    """The rule of each page, by the page's name: delivered ones, and those of templates."""
    return {
        **{rule.id: rule for rule in BUILT_IN},
        **{name: template.rule for name, template in TEMPLATES.items()},
    }


def figures(rule: Rule) -> list[str]:
    """The table at the head of a page, line by line."""
    fires = f"after {rule.for_seconds} s" if rule.for_seconds else "at once"
    return _table(
        HEADS,
        [
            (
                rule.severity,
                limit(rule),
                f"{rule.window_seconds} s",
                fires,
                f"{rule.keep_firing_seconds} s",
                _sample(rule),
            )
        ],
    )


def index(rules: Iterable[Rule]) -> list[str]:
    """A table of pages, line by line."""
    rows = [(f"[{rule.id}]({rule.id}.md)", rule.severity, limit(rule)) for rule in rules]
    return _table(INDEX_HEADS, rows)


def limit(rule: Rule) -> str:
    """What is too much."""
    than = "more than" if rule.comparison == ABOVE else "less than"
    return f"{than} {value_of(rule, rule.threshold)}"


def with_table(text: str, table: list[str]) -> str:
    """A page with the first table of these heads replaced; as it was when it has none."""
    lines = text.split("\n")
    if table[0] not in lines:
        return text
    first = lines.index(table[0])
    last = first
    while last < len(lines) and lines[last].startswith("|"):
        last += 1
    return "\n".join([*lines[:first], *table, *lines[last:]])


def _sample(rule: Rule) -> str:
    if rule.metric == BURN_RATE:
        return "the objective's `volume`"
    if rule.kind == ABSENCE or not rule.minimum_requests:
        return "none"
    if rule.minimum_requests == 1:
        return "one request"
    return f"{rule.minimum_requests} requests"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return [
        "|" + "|".join(line) + "|" if line[0] == "---" else "| " + " | ".join(line) + " |"
        for line in map(list, lines)
    ]
