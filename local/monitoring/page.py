"""The page that shows what was written: one card a metric, refreshed by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from local.monitoring import figures, graph, rules
from local.monitoring.figures import Line
from local.monitoring.memory import Memory, Series

SHORTEST_SPAN_SECONDS = 600
LONGEST_SPAN_SECONDS = 3 * 3600
LINES_A_GRAPH = 24


def whole(memory: Memory, now: float) -> str:
    """The page."""
    return PAGE.replace("{graphs}", graphs(memory, now))


def graphs(memory: Memory, now: float) -> str:
    """What changes: the summary, the cards, and what was refused."""
    with memory.lock:
        series = list(memory.series.values())
        span = _span(series, now)
        known = sorted({version for some in series if (version := _version(some))})
        cards = [
            _card(descriptor, [s for s in series if s.key.metric == name], span, known)
            for name, descriptor in memory.descriptors.items()
        ]
        summary = _summary(memory, now)
        refusals = _refusals(memory)
    if not cards:
        cards = [
            '<p class="empty">Nothing was written yet. The first points arrive a minute '
            "after the first request.</p>"
        ]
    return f'{summary}{refusals}<div class="cards">{"".join(cards)}</div>'


def _summary(memory: Memory, now: float) -> str:
    facts = [
        ("points written", f"{memory.written:,}", ""),
        ("time series", f"{len(memory.series):,}", ""),
        ("metrics", f"{len(memory.descriptors):,}", ""),
        ("points refused", f"{memory.refused:,}", "bad" if memory.refused else ""),
        ("as of", f"{graph.clock(now, exact=True)} UTC", ""),
    ]
    items = "".join(
        f'<div class="fact {mark}"><dt>{name}</dt><dd>{value}</dd></div>'
        for name, value, mark in facts
    )
    return f'<dl class="facts">{items}</dl>'


def _refusals(memory: Memory) -> str:
    if not memory.refusals:
        return ""
    items = "".join(
        f"<li><time>{graph.clock(at / 1e9, exact=True)}</time> {escape(text)}</li>"
        for at, text in list(memory.refusals)[-10:][::-1]
    )
    return f'<section class="refusals"><h2>Refused lately</h2><ul>{items}</ul></section>'


def _card(
    descriptor: Any,
    series: Iterable[Series],
    span: tuple[float, float],
    known: Sequence[str],
) -> str:
    drawn = [(figures.line(some, span[0]), _version(some)) for some in series]
    drawn = sorted((pair for pair in drawn if pair[0].points), key=lambda pair: pair[0].name)
    cut, drawn = len(drawn) - LINES_A_GRAPH, drawn[:LINES_A_GRAPH]
    lines = [line for line, _ in drawn]
    colours = _colours([version for _, version in drawn], known)
    name = descriptor.type.rpartition("/")[2].replace("_", " ")
    kind = f"{rules.KINDS[descriptor.metric_kind]} {rules.VALUE_TYPES[descriptor.value_type]}"
    drawing = graph.graph(
        f"{name}, {figures.measured(descriptor)}", descriptor.unit, lines, colours, span
    )
    rows = [_legend(line, n, descriptor.unit) for line, n in zip(lines, colours, strict=True)]
    if cut > 0:
        rows.append(f"<li>and {cut} more</li>")
    legend = f'<ul class="legend">{"".join(rows)}</ul>' if rows else ""
    return (
        f'<section class="card"><h2>{escape(name)} <small>{figures.measured(descriptor)}</small>'
        f"</h2>{_described(descriptor)}{drawing}{legend}"
        f'<p class="type"><code>{escape(descriptor.type)}</code> <span>{kind}</span></p></section>'
    )


def _version(series: Series) -> str:
    return dict(series.key.labels).get("version", "")


def _colours(versions: Sequence[str], known: Sequence[str]) -> list[int]:
    """A version has its colour in every graph; its further lines in one graph take free ones."""
    own = {version: place % graph.COLOURS for place, version in enumerate(known)}
    free = [n for n in range(graph.COLOURS) if n not in {own.get(v) for v in versions}]
    seen: set[str] = set()
    colours = []
    for place, version in enumerate(versions):
        first = version in own and version not in seen
        seen.add(version)
        spare = free.pop(0) if free and not first else place % graph.COLOURS
        colours.append(own[version] if first else spare)
    return colours


def _described(descriptor: Any) -> str:
    return f"<p>{escape(descriptor.description)}</p>" if descriptor.description else ""


def _legend(line: Line, colour: int, unit: str) -> str:
    last = graph.shown(line.points[-1][1], unit)
    return (
        f'<li><span class="swatch c{colour}" aria-hidden="true"></span>{escape(line.name)} '
        f"<b>{escape(last)}</b></li>"
    )


def _span(series: Iterable[Series], now: float) -> tuple[float, float]:
    first = min((some.points[0].end / 1e9 for some in series), default=now)
    length = min(max(now - first + 60, SHORTEST_SPAN_SECONDS), LONGEST_SPAN_SECONDS)
    return now - length, now


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cloud Monitoring on this machine</title>
<style>
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #fff; --ink: #1b2330; --soft: #566074; --rule: #dfe3ea;
  --faint: #eef0f4; --bad: #b3261e; --bad-ground: #fdecea;
  --c0: #2563c9; --c1: #c2410c; --c2: #0f7b5f; --c3: #8b3fc0;
  --c4: #a16207; --c5: #be185d; --c6: #0e7490; --c7: #4d5b7c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161d; --card: #1b212b; --ink: #e8ecf3; --soft: #a3adbf; --rule: #343d4c;
    --faint: #262d39; --bad: #ff9d94; --bad-ground: #3a1f1d;
    --c0: #7aa9ff; --c1: #ff9a62; --c2: #4fd1a8; --c3: #cf9bf5;
    --c4: #e6bd4f; --c5: #ff8fbd; --c6: #5fd0ea; --c7: #aab6d3;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { max-width: 1320px; margin: 0 auto; padding: 28px 24px 48px; }
h1 { font-size: 22px; margin: 0 0 2px; letter-spacing: -0.01em; }
header p { margin: 0 0 20px; color: var(--soft); }
.facts { display: flex; flex-wrap: wrap; gap: 10px 36px; margin: 0 0 22px; padding: 14px 20px;
  background: var(--card); border: 1px solid var(--rule); border-radius: 10px; }
.fact { display: flex; flex-direction: column-reverse; }
.fact dt { color: var(--soft); font-size: 13px; }
.fact dd { margin: 0; font-size: 20px; font-weight: 600; font-variant-numeric: tabular-nums; }
.fact.bad dd { color: var(--bad); }
.cards { display: grid; gap: 18px; grid-template-columns: repeat(auto-fill, minmax(400px, 1fr)); }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 10px;
  padding: 16px 18px 12px; min-width: 0; }
.card h2 { font-size: 16px; margin: 0; }
.card h2::first-letter { text-transform: uppercase; }
.card h2 small { font-weight: 400; font-size: 13px; color: var(--soft); margin-left: 4px; }
.card p { margin: 2px 0 8px; color: var(--soft); font-size: 13px; }
.card .type { margin: 10px 0 0; padding-top: 8px; border-top: 1px solid var(--faint);
  font-size: 12px; overflow-wrap: anywhere; }
.card .type span { white-space: nowrap; }
svg { display: block; width: 100%; height: auto; }
.grid { stroke: var(--rule); stroke-width: 1; }
.grid.faint { stroke: var(--faint); }
.tick { fill: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.line.c0 { stroke: var(--c0); } .line.c1 { stroke: var(--c1); } .line.c2 { stroke: var(--c2); }
.line.c3 { stroke: var(--c3); } .line.c4 { stroke: var(--c4); } .line.c5 { stroke: var(--c5); }
.line.c6 { stroke: var(--c6); } .line.c7 { stroke: var(--c7); }
.dot.c0 { fill: var(--c0); } .dot.c1 { fill: var(--c1); } .dot.c2 { fill: var(--c2); }
.dot.c3 { fill: var(--c3); } .dot.c4 { fill: var(--c4); } .dot.c5 { fill: var(--c5); }
.dot.c6 { fill: var(--c6); } .dot.c7 { fill: var(--c7); }
.swatch { display: inline-block; width: 14px; height: 4px; border-radius: 2px; margin-right: 7px;
  vertical-align: middle; }
.swatch.c0 { background: var(--c0); } .swatch.c1 { background: var(--c1); }
.swatch.c2 { background: var(--c2); } .swatch.c3 { background: var(--c3); }
.swatch.c4 { background: var(--c4); } .swatch.c5 { background: var(--c5); }
.swatch.c6 { background: var(--c6); } .swatch.c7 { background: var(--c7); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 20px; margin: 6px 0 0;
  padding: 0; font-size: 13px; color: var(--soft); }
.legend b { color: var(--ink); font-variant-numeric: tabular-nums; }
.refusals { background: var(--bad-ground); border-radius: 10px; padding: 12px 18px;
  margin: 0 0 22px; }
.refusals h2 { font-size: 15px; margin: 0 0 4px; color: var(--bad); }
.refusals ul { margin: 0; padding: 0; list-style: none; font-size: 13px; }
.refusals li { overflow-wrap: anywhere; padding: 2px 0; }
.refusals time { color: var(--bad); font-variant-numeric: tabular-nums; margin-right: 6px; }
.empty { color: var(--soft); }
@media (max-width: 480px) { .cards { grid-template-columns: 1fr; } main { padding: 18px 12px; } }
</style>
</head>
<body>
<main>
<header>
<h1>Cloud Monitoring on this machine</h1>
<p>What Palier published, as Cloud Console would show it. Times are UTC.</p>
</header>
<div id="graphs">{graphs}</div>
</main>
<script>
const graphs = document.getElementById("graphs");
setInterval(async () => {
  try {
    const answer = await fetch("/graphs");
    if (answer.ok && !graphs.matches(":hover")) graphs.innerHTML = await answer.text();
  } catch { /* the server is being restarted: the next refresh finds it */ }
}, 5000);
</script>
</body>
</html>
"""
