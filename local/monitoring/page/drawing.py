"""Graphs of what a condition or a chart computes, rather than of what was written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from google.cloud import monitoring_v3

from local.monitoring import graph
from local.monitoring.alerting import selection
from local.monitoring.alerting.conditions import Comparison
from local.monitoring.alerting.selection import MINUTE, Inputs, Labels
from local.monitoring.alerting.values import Spread
from local.monitoring.figures import Line
from local.monitoring.graph import Limit
from local.monitoring.memory import NANOSECONDS
from local.monitoring.page import frame, words
from local.monitoring.page.view import View

LINES_A_GRAPH = 12
SPAN_SECONDS = 3600


def span(view: View) -> tuple[float, float]:
    """The last hour, or what there is of it."""
    begin, end = view.span
    return max(begin, end - SPAN_SECONDS), end


def compared(view: View, threshold: Any) -> tuple[list[Line], int]:
    """What a threshold is compared with, minute by minute, and how many lines more there are.

    Of many series those are drawn that come nearest to the threshold, or are furthest beyond it.
    """
    begin, end = span(view)
    last = int(end // MINUTE) * MINUTE
    given = selection.inputs(threshold, view.series, end, end - begin)
    more = len(given.begun) - LINES_A_GRAPH
    if more > 0:
        given = given.only(_worst(threshold, given, last), threshold)
    found: dict[Labels, list[tuple[float, float]]] = {}
    for at in range(last - int(last - begin) // MINUTE * MINUTE, last + 1, MINUTE):
        for labels, value in selection.compared(threshold, given, at).items():
            found.setdefault(labels, []).append((float(at), value))
    lines = [
        Line(words.series(labels, threshold.filter), tuple(points))
        for labels, points in found.items()
    ]
    return sorted(lines, key=lambda line: line.name), max(0, more)


def _worst(threshold: Any, given: Inputs, at: float) -> set[Labels]:
    now = selection.compared(threshold, given, at)
    sign = 1 if threshold.comparison == Comparison.COMPARISON_LT else -1
    known = sorted(given.begun, key=lambda one: (one not in now, sign * now.get(one, 0.0), one))
    return set(known[:LINES_A_GRAPH])


def heard(view: View, absence: Any) -> tuple[list[Line], int]:
    """The points that an absence waits for."""
    begin, end = span(view)
    as_they_are = monitoring_v3.AlertPolicy.Condition.MetricThreshold.pb()(filter=absence.filter)
    given = selection.inputs(as_they_are, view.series, end, end - begin)
    lines = [
        Line(
            words.series(labels, absence.filter),
            tuple(
                (sample.end / NANOSECONDS, sample.value)
                for sample in samples
                if not isinstance(sample.value, Spread)
            ),
        )
        for labels, samples in given.above.items()
    ]
    lines = sorted(lines, key=lambda line: line.name)
    return lines[:LINES_A_GRAPH], max(0, len(lines) - LINES_A_GRAPH)


def limit(threshold: Any, unit: str) -> Limit:
    """The dashed line of a threshold."""
    above = threshold.comparison == Comparison.COMPARISON_GT
    way = "above" if above else "below"
    value = threshold.threshold_value
    return Limit(value, f"{way} {graph.shown(value, unit)}", above)


def drawn(
    view: View,
    title: str,
    unit: str,
    lines: Sequence[Line],
    *,
    limits: Sequence[Limit] = (),
    shaded: Iterable[tuple[float, float]] = (),
    width: int = graph.WIDTH,
    more: int = 0,
) -> str:
    """A graph with its legend; `more` lines are left out."""
    kept = [line for line in lines if line.points]
    colours = [place % graph.COLOURS for place in range(len(kept))]
    latest = [
        (colour, line.name, graph.shown(line.points[-1][1], unit))
        for line, colour in zip(kept, colours, strict=True)
    ]
    named = "; ".join(f"{name} {value}" for _, name, value in latest) or "no data"
    limited = "".join(f", threshold {one.label}" for one in limits)
    picture = graph.graph(
        f"{title}{limited}: {named}",
        unit,
        kept,
        colours,
        span(view),
        limits=limits,
        shaded=shaded,
        width=width,
    )
    return picture + frame.legend(latest, more)
