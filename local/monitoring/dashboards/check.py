"""The documented form of a dashboard, as far as Palier's own reaches. Pure.

A dashboard has one layout of widgets; a mosaic is a grid of 1 to 12 columns in which tiles lie side
by side. A widget has one content. Names that are not known are refused, as the API does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from local.monitoring.alerting.labels import check_user_labels
from local.monitoring.dashboards.queries import Describe, check_query
from local.monitoring.rules import InvalidRequest

COLUMNS = 12
DATA_SETS = 20
LAYOUTS = ("mosaicLayout", "gridLayout", "rowLayout", "columnLayout")
DASHBOARD = frozenset({"name", "displayName", "etag", "labels", "dashboardFilters", *LAYOUTS})
TILE = frozenset({"xPos", "yPos", "width", "height", "widget"})
CONTENTS: Mapping[str, frozenset[str]] = {
    "xyChart": frozenset(
        {
            "dataSets",
            "thresholds",
            "xAxis",
            "yAxis",
            "y2Axis",
            "timeshiftDuration",
            "chartOptions",
        }
    ),
    "scorecard": frozenset(
        {"timeSeriesQuery", "gaugeView", "sparkChartView", "blankView", "thresholds", "dimensions"}
    ),
    "text": frozenset({"content", "format", "style"}),
    "alertChart": frozenset({"name"}),
    "incidentList": frozenset({"monitoredResources", "policyNames"}),
    "sectionHeader": frozenset({"subtitle", "dividerBelow"}),
    "timeSeriesTable": frozenset({"dataSets", "metricVisualization", "columnSettings"}),
    "blank": frozenset(),
}
WIDGET = frozenset({"title", "id", "visibilityCondition", *CONTENTS})
DATA_SET = frozenset(
    {
        "timeSeriesQuery",
        "plotType",
        "legendTemplate",
        "minAlignmentPeriod",
        "targetAxis",
        "breakdowns",
        "dimensions",
        "measures",
        "sort",
    }
)
PLOTS = ("LINE", "STACKED_AREA", "STACKED_BAR", "HEATMAP")
THRESHOLD = frozenset({"label", "value", "color", "direction", "targetAxis"})


def check(dashboard: Any, describe: Describe, policies: Mapping[str, Any]) -> None:
    """Raises InvalidRequest. `describe` knows metrics, `policies` are those that charts may name.

    A metric that nobody has described yet may be drawn: the chart stays empty.
    """
    _known(dashboard, DASHBOARD, "dashboard")
    if not dashboard.get("displayName"):
        raise InvalidRequest("Field displayName is required.")
    check_user_labels(dashboard.get("labels", {}), "dashboard.labels")
    layouts = [name for name in LAYOUTS if name in dashboard]
    if len(layouts) != 1:
        raise InvalidRequest(f"A dashboard has exactly one of {', '.join(LAYOUTS)}.")
    if layouts == ["mosaicLayout"]:
        _check_mosaic(dashboard["mosaicLayout"])
    for where, widget in widgets(dashboard):
        _check_widget(widget, where, describe, policies)


def widgets(dashboard: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each widget with the path to it."""
    for number, tile in enumerate(dashboard.get("mosaicLayout", {}).get("tiles", [])):
        yield f"mosaicLayout.tiles[{number}].widget", tile.get("widget", {})
    for number, widget in enumerate(dashboard.get("gridLayout", {}).get("widgets", [])):
        yield f"gridLayout.widgets[{number}]", widget
    for layout, parts in (("rowLayout", "rows"), ("columnLayout", "columns")):
        for place, part in enumerate(dashboard.get(layout, {}).get(parts, [])):
            for number, widget in enumerate(part.get("widgets", [])):
                yield f"{layout}.{parts}[{place}].widgets[{number}]", widget


def _check_mosaic(layout: Any) -> None:
    _known(layout, frozenset({"columns", "tiles"}), "mosaicLayout")
    columns = layout.get("columns", 0)
    if not 1 <= columns <= COLUMNS:
        raise InvalidRequest(f"Field mosaicLayout.columns must be from 1 to {COLUMNS}.")
    taken: dict[tuple[int, int], int] = {}
    for number, tile in enumerate(layout.get("tiles", [])):
        where = f"mosaicLayout.tiles[{number}]"
        _known(tile, TILE, where)
        x, y = tile.get("xPos", 0), tile.get("yPos", 0)
        width, height = tile.get("width", 0), tile.get("height", 0)
        if x < 0 or y < 0 or width < 1 or height < 1 or x + width > columns:
            raise InvalidRequest(f"Field {where} does not lie within the {columns} columns.")
        for block in [(x + i, y + j) for i in range(width) for j in range(height)]:
            if block in taken:
                raise InvalidRequest(
                    f"Field {where} overlaps mosaicLayout.tiles[{taken[block]}] at {block}."
                )
            taken[block] = number


def _check_widget(widget: Any, where: str, describe: Describe, policies: Mapping[str, Any]) -> None:
    _known(widget, WIDGET, where)
    kinds = [name for name in CONTENTS if name in widget]
    if len(kinds) != 1:
        raise InvalidRequest(f"Field {where} needs exactly one content, as xyChart or text.")
    (kind,) = kinds
    content = widget[kind]
    place = f"{where}.{kind}"
    _known(content, CONTENTS[kind], place)
    if kind in ("xyChart", "timeSeriesTable"):
        _check_data_sets(content.get("dataSets", []), place, describe)
    if kind == "scorecard":
        check_query(content.get("timeSeriesQuery", {}), f"{place}.timeSeriesQuery", describe)
    for number, line in enumerate(content.get("thresholds", [])):
        _known(line, THRESHOLD, f"{place}.thresholds[{number}]")
    if kind == "alertChart" and content.get("name") not in policies:
        raise InvalidRequest(f'Field {place}.name had an invalid value of "{content.get("name")}".')
    for name in content.get("policyNames", []) if kind == "incidentList" else ():
        if name not in policies:
            raise InvalidRequest(f'Field {place}.policyNames had an invalid value of "{name}".')


def _check_data_sets(sets: Sequence[Any], where: str, describe: Describe) -> None:
    if not 1 <= len(sets) <= DATA_SETS:
        raise InvalidRequest(f"Field {where}.dataSets must have from 1 to {DATA_SETS} entries.")
    for number, one in enumerate(sets):
        place = f"{where}.dataSets[{number}]"
        _known(one, DATA_SET, place)
        if one.get("plotType", "LINE") not in PLOTS:
            raise InvalidRequest(f"Field {place}.plotType must be one of {', '.join(PLOTS)}.")
        check_query(one.get("timeSeriesQuery", {}), f"{place}.timeSeriesQuery", describe)


def _known(given: Any, names: frozenset[str], where: str) -> None:
    if not isinstance(given, dict):
        raise InvalidRequest(f"Invalid JSON payload received: {where} must be an object.")
    for name in given:
        if name not in names:
            raise InvalidRequest(
                f"Invalid JSON payload received. Unknown name \"{name}\" at '{where}': "
                "Cannot find field."
            )
