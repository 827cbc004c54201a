"""The dashboards, drawn from the series: a mosaic of tiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from html import escape
from typing import Any

from local.monitoring import graph
from local.monitoring.dashboards import check, queries
from local.monitoring.figures import Line
from local.monitoring.graph import Limit
from local.monitoring.page import alerting, drawing, frame, incidents, markdown, words
from local.monitoring.page.view import View

RATIO = "10^2.%"
PAGE_WIDTH = 1200
"""Of a page at its widest, about (px)."""


def content(view: View) -> str:
    """Every dashboard."""
    if not view.dashboards:
        return frame.empty(
            "No dashboards yet. Palier's is applied with <code>palier monitoring apply</code>."
        )
    return "".join(_dashboard(view, one) for one in view.dashboards)


def _dashboard(view: View, dashboard: Mapping[str, Any]) -> str:
    mosaic = dashboard.get("mosaicLayout", {})
    columns = int(mosaic.get("columns", 2))
    placed = [
        (_place(tile), tile.get("widget", {}), int(tile["width"]) / columns)
        for tile in mosaic.get("tiles", [])
    ]
    if not mosaic:
        placed = [("", widget, 0.5) for _, widget in check.widgets(dashboard)]
    tiles = "".join(
        f'<div class="tile" style="{place}">{_widget(view, widget, share)}</div>'
        for place, widget, share in placed
    )
    return (
        f"<section><h2>{escape(dashboard['displayName'])}</h2>"
        f'<div class="mosaic" style="--columns:{columns}">{tiles}</div></section>'
    )


def _place(tile: Mapping[str, Any]) -> str:
    x, y = int(tile.get("xPos", 0)), int(tile.get("yPos", 0))
    width, height = int(tile.get("width", 1)), int(tile.get("height", 1))
    return f"grid-column:{x + 1}/span {width};grid-row:{y + 1}/span {height}"


def _widget(view: View, widget: Mapping[str, Any], share: float) -> str:
    """`share` is how much of the page's width it takes."""
    title = widget.get("title", "")
    if "sectionHeader" in widget:
        subtitle = escape(widget["sectionHeader"].get("subtitle", ""))
        return f'<div class="divider"><h3>{escape(title)}</h3><p>{subtitle}</p></div>'
    head = f"<h3>{escape(title)}</h3>" if title else ""
    return f'<div class="card">{head}{_inside(view, widget, title, share)}</div>'


def _inside(view: View, widget: Mapping[str, Any], title: str, share: float) -> str:
    if "text" in widget:
        return f'<div class="text">{markdown.html(widget["text"].get("content", ""))}</div>'
    if "xyChart" in widget:
        return _chart(view, widget["xyChart"], title, share)
    if "scorecard" in widget:
        return _scorecard(view, widget["scorecard"])
    if "alertChart" in widget:
        policy = view.policy(widget["alertChart"].get("name", ""))
        if policy is None:
            return frame.empty("The policy is gone.")
        graphs = "".join(alerting.graph_of(view, policy, one) for one in policy.conditions)
        return f"{frame.state(alerting.state(view, policy))}{graphs}"
    if "incidentList" in widget:
        return incidents.listed(view, widget["incidentList"].get("policyNames", []))
    return frame.empty("This kind of widget is not drawn here.")


def _chart(view: View, chart: Mapping[str, Any], title: str, share: float) -> str:
    lines: list[Line] = []
    unit, left_out = "1", 0
    for one in chart["dataSets"]:
        drawn, unit, more = _lines(view, one["timeSeriesQuery"])
        left_out += more
        how = _reduced(one["timeSeriesQuery"]) if len(chart["dataSets"]) > 1 else ""
        lines += [
            replace(line, name=f"{line.name} · {how}" if how else line.name) for line in drawn
        ]
    limits = [
        Limit(
            float(one.get("value", 0)),
            one.get("label") or graph.shown(float(one.get("value", 0)), unit),
            one.get("direction", "ABOVE") == "ABOVE",
        )
        for one in chart.get("thresholds", [])
    ]
    width = max(graph.WIDTH, round(PAGE_WIDTH * share))
    return drawing.drawn(view, title, unit, lines, limits=limits, width=width, more=left_out)


def _scorecard(view: View, card: Mapping[str, Any]) -> str:
    lines, unit, _ = _lines(view, card["timeSeriesQuery"])
    rows = "".join(
        f'<div class="fact"><dt>{escape(line.name)}</dt>'
        f"<dd>{escape(graph.shown(line.points[-1][1], unit))}</dd></div>"
        for line in lines
        if line.points
    )
    return f'<dl class="facts plain">{rows}</dl>' if rows else frame.empty("No data.")


def _reduced(query: Mapping[str, Any]) -> str:
    """What tells a chart's sets apart: how several series became one."""
    threshold = queries.threshold(query)
    given = threshold.aggregations if threshold is not None else []
    return next((words.REDUCED.get(one.cross_series_reducer, "") for one in given), "")


def _lines(view: View, query: Mapping[str, Any]) -> tuple[list[Line], str, int]:
    threshold = queries.threshold(query)
    if threshold is None:
        return [], "1", 0
    unit = RATIO if threshold.denominator_filter else view.unit(words.metric_of(threshold.filter))
    lines, more = drawing.compared(view, threshold)
    return lines, query.get("unitOverride", unit), more
