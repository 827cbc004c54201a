"""Measures Palier against its budgets: `python -m benchmarks [NAME …]`.

Prints a table and writes .palier/bench.json. A figure that falls short is printed as such; only a
measurement that could not be made ends with an error. A name, or its beginning, picks rows.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import (
    firestore,
    flags,
    http,
    importing,
    judge,
    load_stories,
    loading,
    many_rollouts,
    metrics,
    rollback,
)
from benchmarks.row import Row

RESULTS = Path(__file__).resolve().parent.parent / ".palier" / "bench.json"

MEASUREMENTS: Sequence[tuple[str, Callable[[], Iterable[Row]]]] = (
    ("flags", flags.rows),
    ("flags", loading.rows),
    ("import", importing.rows),
    ("api", http.rows),
    ("firestore", firestore.rows),
    ("stories", load_stories.rows),
    ("metrics", metrics.rows),
    ("tick", many_rollouts.rows),
    ("rollback", rollback.rows),
    ("judge", judge.rows),
)
"""Each measures the rows whose names begin with its own."""


WIDTH = 200
"""Of what is written to a file: names and budgets stand there whole."""


def main(wanted: Sequence[str]) -> int:
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    started = time.monotonic()
    found: list[Row] = []
    failed = False
    for group, measure in MEASUREMENTS:
        if wanted and not any(name.split(".")[0] == group for name in wanted):
            continue
        console.print(f"[dim]measuring {group} …[/dim]")
        try:
            found.extend(measure())
        except Exception as error:  # one measurement that can't be made hides no other
            console.print(f"[red]{group}: {error}[/red]", markup=True, highlight=False)
            failed = True
    console.print(table(found))
    console.print(f"[dim]{time.monotonic() - started:.0f} s[/dim]")
    RESULTS.parent.mkdir(exist_ok=True)
    text = json.dumps([row.to_dict() for row in found], indent=2, ensure_ascii=False)
    RESULTS.write_text(text + "\n", encoding="utf-8")
    return 1 if failed else 0


def table(found: Iterable[Row]) -> Table:
    result = Table(title="Palier against its budgets")
    for title in ("name", "value", "budget", "holds"):
        result.add_column(title, justify="right" if title == "value" else "left", no_wrap=True)
    result.add_column("measured")
    for row in found:
        holds = "[green]yes[/green]" if row.holds else "[red]no[/red]"
        result.add_row(row.name, f"{row.value:.3g} {row.unit}", row.budget, holds, row.detail)
    return result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
