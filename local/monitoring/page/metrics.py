"""The series: one card a metric, and what was refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from html import escape
from typing import Any

from local.monitoring import figures, graph, rules
from local.monitoring.figures import Line
from local.monitoring.memory import Series
from local.monitoring.page import frame, words
from local.monitoring.page.view import View

LINES_A_GRAPH = 24
SUBJECTS = ("rule", "metric")
"""Labels that say what is measured rather than of whom."""


def content(view: View) -> str:
    """Counts, refusals and cards."""
    known = sorted({version for some in view.series if (version := _version(some))})
    cards = [
        _card(descriptor, subject, series, view, known)
        for name, descriptor in view.descriptors.items()
        for subject, series in _subjects([s for s in view.series if s.key.metric == name])
    ]
    shown = f'<div class="cards">{"".join(cards)}</div>'
    if not cards:
        shown = frame.empty(
            "Nothing was written yet. The first points arrive a minute after the first request."
        )
    return _summary(view) + _refusals(view) + shown


def _summary(view: View) -> str:
    return frame.facts(
        [
            ("points written", f"{view.written:,}", ""),
            ("time series", f"{len(view.series):,}", ""),
            ("metrics", f"{len(view.descriptors):,}", ""),
            ("points refused", f"{view.refused:,}", "bad" if view.refused else ""),
            ("incidents open", f"{len(view.open):,}", "bad" if view.open else ""),
        ]
    )


def _refusals(view: View) -> str:
    if not view.refusals:
        return ""
    items = "".join(
        f"<li><time>{graph.clock(at / 1e9, exact=True)}</time> {escape(text)}</li>"
        for at, text in list(view.refusals)[-10:][::-1]
    )
    return f'<section class="refusals"><h2>Refused lately</h2><ul>{items}</ul></section>'


def _subjects(series: Sequence[Series]) -> list[tuple[str, list[Series]]]:
    """Series that measure the same belong into one graph; two rules have nothing in common."""
    found: dict[str, list[Series]] = {}
    for some in series:
        labels = dict(some.key.labels)
        subject = next((labels[name] for name in SUBJECTS if name in labels), "")
        found.setdefault(subject, []).append(some)
    return sorted(found.items()) or [("", [])]


def _card(
    descriptor: Any,
    subject: str,
    series: Iterable[Series],
    view: View,
    known: Sequence[str],
) -> str:
    span = view.span
    drawn = [(_line(some, subject, span[0]), _version(some)) for some in series]
    drawn = sorted((pair for pair in drawn if pair[0].points), key=lambda pair: pair[0].name)
    more, drawn = len(drawn) - LINES_A_GRAPH, drawn[:LINES_A_GRAPH]
    lines = [line for line, _ in drawn]
    colours = _colours([version for _, version in drawn], known)
    name = " · ".join(filter(None, (words.short(descriptor.type), subject)))
    kind = f"{rules.KINDS[descriptor.metric_kind]} {rules.VALUE_TYPES[descriptor.value_type]}"
    drawing = graph.graph(
        f"{name}, {figures.measured(descriptor)}", descriptor.unit, lines, colours, span
    )
    latest = [
        (colour, line.name, graph.shown(line.points[-1][1], descriptor.unit))
        for line, colour in zip(lines, colours, strict=True)
    ]
    return (
        f'<section class="card"><h2>{escape(name)} <small>{figures.measured(descriptor)}</small>'
        f"</h2>{_described(descriptor)}{drawing}{frame.legend(latest, more)}"
        f'<p class="type"><code>{escape(descriptor.type)}</code> <span>{kind}</span></p></section>'
    )


def _line(series: Series, subject: str, since: float) -> Line:
    line = figures.line(series, since)
    name = " · ".join(part for part in line.name.split(" · ") if part != subject)
    return replace(line, name=name or line.name)


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
