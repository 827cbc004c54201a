"""python -m local.runbooks: puts the figures of the rules into the runbook pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from functions.alerts import runbooks
from functions.alerts.templates import TEMPLATES
from functions.alerts.thresholds import BUILT_IN
from local.paths import ROOT

FOLDER = ROOT / "docs" / "runbooks"
INDEX = FOLDER / "README.md"
TICK = "| [tick-heartbeat](tick-heartbeat.md) | P1 | no heartbeat for 300 s |"
"""The policy that only Cloud Console can hold is no rule."""

BETWEEN = "## Templates"


def written() -> Mapping[Path, str]:
    """Every page as it is to be."""
    made = {
        path: runbooks.with_table(path.read_text(encoding="utf-8"), runbooks.figures(rule))
        for name, rule in runbooks.pages().items()
        if (path := FOLDER / f"{name}.md").is_file()
    }
    return {**made, INDEX: _index(INDEX.read_text(encoding="utf-8"))}


def _index(text: str) -> str:
    first, between, second = text.partition(BETWEEN)
    delivered = [*runbooks.index(BUILT_IN), TICK]
    templates = runbooks.index(each.rule for each in TEMPLATES.values())
    whole = runbooks.with_table(first, delivered) + between
    return whole + runbooks.with_table(second, templates)


def main() -> None:
    for path, text in written().items():
        path.write_text(text, encoding="utf-8")
    print(f"The figures of {len(runbooks.pages())} rules stand in their pages.")


if __name__ == "__main__":
    main()
