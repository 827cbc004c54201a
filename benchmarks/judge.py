"""Does the judge find what is bad, and leave alone what is healthy? Simulated traffic, real looks.

    python -m benchmarks judge            the rows: scenarios, and the days that were played so far
    python -m benchmarks.judge --days N   plays healthy days until there are N, on from the last
    python -m benchmarks.judge --write    writes the tables of docs/reference/judge.md anew

Days are kept in .palier/judge-days.jsonl, one core, nothing else is touched. What was measured last
is kept in benchmarks/results/judge.json; a test holds that the tables are those.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from benchmarks.judging import days
from benchmarks.judging.scenarios import SCENARIOS, Found, found
from benchmarks.row import Row

RESULTS = Path(__file__).resolve().parent / "results" / "judge.json"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "judge.md"
BEGIN, END = "<!-- {}: python -m benchmarks.judge --write -->", "<!-- end of {} -->"

WANTED: Mapping[str, tuple[str, str, str, float]] = {
    "total": ("p100", "s", "<=", 30),
    "errors": ("mean", "s", "<=", 210),
    "errors_p95": ("p95", "s", "<=", 430),
    "incident": ("share", "", "<", 0.01),
    "incident_sparse": ("share", "", "<", 0.01),
    "upstream_sparse": ("share", "", "<", 0.01),
    "incident_small": ("share", "", "<", 0.01),
    "slow": ("p50", "s", "<=", 120),
    "leak_fast": ("share", "", ">=", 0.99),
    "retries": ("share", "", "<", 0.01),
    "spinnaker": ("share", "", ">=", 0.99),
    "checks": ("share", "", "<", 0.01),
}
"""By scenario: the figure, its unit and its budget."""

SOME_DAYS = 200
"""Played by `benchmarks judge` when nobody has played more."""


def measure() -> dict[str, Any]:
    """What is kept: the figures of every scenario, and of the days so far."""
    scenarios = {}
    for each in SCENARIOS:
        scenarios[each.name] = _figures(found(each))
        print(each.name, scenarios[each.name], flush=True)
    return {"scenarios": scenarios, "days": _days()}


def _days() -> dict[str, Any]:
    summed = days.summed(days.read())
    told = {
        name: dict(each) if isinstance(each, Counter) else each
        for name, each in vars(summed).items()
    }
    return {**told, "upper": round(summed.upper, 6)}


def _figures(of: Found) -> dict[str, Any]:
    figures = {
        "mean": of.mean,
        "p50": of.percentile(0.5),
        "p95": of.percentile(0.95),
        "p100": of.percentile(1.0),
    }
    return {
        "runs": of.runs,
        "share": round(of.share, 5),
        **{name: round(each, 1) if isfinite(each) else None for name, each in figures.items()},
        "rules": dict(of.rules),
        "paused": of.paused,
    }


def rows() -> Iterator[Row]:
    """Measures the scenarios, and days when there are none."""
    if len(days.read()) * days.BATCH < SOME_DAYS:
        for _ in days.run(SOME_DAYS):
            pass
    yield from _rows(measure())


def _rows(measured: Mapping[str, Any]) -> Iterator[Row]:
    played = measured["days"]
    back = sum(played["back"].values())
    yield Row(
        "judge.false_rollback_per_day",
        played["upper"],
        "",
        "<",
        0.01,
        f"{back} of {played['days']:,} healthy days; upper 95 % bound",
    )
    for name, (figure, unit, comparison, limit) in WANTED.items():
        of = measured["scenarios"][name.removesuffix("_p95")]
        value = of[figure]
        yield Row(
            f"judge.{name}_{figure}" if not name.endswith("_p95") else f"judge.{name}",
            float("inf") if value is None else value,
            unit,
            comparison,
            limit,
            f"{of['runs']} runs",
        )


def tables(measured: Mapping[str, Any]) -> Mapping[str, str]:
    """The tables of the page, by name."""
    return {"scenarios": _scenarios(measured["scenarios"]), "days": _days_table(measured["days"])}


def _scenarios(measured: Mapping[str, Any]) -> str:
    lines = [
        "| | runs | taken back | after: median | mean | 95th percentile | paused | by |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for each in SCENARIOS:
        of = measured.get(each.name)
        if of is None:
            continue
        times = " | ".join(_seconds(of[name]) for name in ("p50", "mean", "p95"))
        rules = ", ".join(sorted(of["rules"], key=of["rules"].__getitem__, reverse=True)) or "–"
        lines.append(
            f"| {each.title} | {of['runs']:,} | {_percent(of['share'])} | {times} | "
            f"{_percent(of['paused'] / of['runs'])} | {rules} |"
        )
    return "\n".join(lines)


def _days_table(of: Mapping[str, Any]) -> str:
    lines = ["| healthy candidates | |", "|---|---|"]
    same = f"{of['same_rules']:,}"
    lines.append(f"| days | {of['days']:,} |")
    lines.append(f"| of them under the rules as they stood at the end | {same} |")
    lines.append(f"| taken back | {_counted(of['back'])} |")
    lines.append(f"| a day, upper 95 % bound | {of['upper']:.4f} |")
    lines.append(f"| taken back to the split before | {_counted(of['stepped'])} |")
    lines.append(f"| paused, until somebody lets it go on | {_counted(of['paused'])} |")
    return "\n".join(lines)


def _counted(rules: Mapping[str, int]) -> str:
    told = [f"{rule} {count:,}" for rule, count in sorted(rules.items()) if count]
    return f"{sum(rules.values()):,}" + (f" ({', '.join(told)})" if told else "")


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f} s"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def written(page: str, measured: Mapping[str, Any]) -> str:
    """The page with these tables. Raises ValueError where it has no place for one."""
    for name, table in tables(measured).items():
        begin, end = BEGIN.format(name), END.format(name)
        head, middle, rest = page.partition(begin)
        _, last, tail = rest.partition(end)
        if not (middle and last):
            raise ValueError(f"the page has no {begin} … {end}")
        page = f"{head}{begin}\n{table}\n{end}{tail}"
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=0, help="play healthy days until there are N")
    parser.add_argument("--write", action="store_true", help="measure, and write the tables")
    parser.add_argument("--days-only", action="store_true", help="keep the scenarios' figures")
    given = parser.parse_args()
    started = time.monotonic()
    for done in days.run(given.days):
        print(f"{done:,} days, {time.monotonic() - started:.0f} s", flush=True)
    if given.write:
        kept = json.loads(RESULTS.read_text(encoding="utf-8")) if given.days_only else {}
        measured = {**kept, "days": _days()} if given.days_only else measure()
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), measured), encoding="utf-8")


if __name__ == "__main__":
    main()
