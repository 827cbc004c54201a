"""Dashboards over HTTP: kept, changed with their etag, refused where they can't be drawn."""

from __future__ import annotations

import copy
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.api import metric_pb2

from local.monitoring import rules, web
from local.monitoring.alerting.configuration import Configuration, Delays
from local.monitoring.memory import Memory

METRIC = "custom.googleapis.com/palier/requests"
CHART: dict[str, Any] = {
    "title": "Requests",
    "xyChart": {
        "dataSets": [
            {
                "plotType": "LINE",
                "timeSeriesQuery": {
                    "timeSeriesFilter": {
                        "filter": f'metric.type = "{METRIC}" AND resource.type = "generic_task"',
                        "aggregation": {
                            "alignmentPeriod": "60s",
                            "perSeriesAligner": "ALIGN_DELTA",
                        },
                    }
                },
            }
        ],
        "thresholds": [{"label": "much", "value": 100}],
    },
}
DASHBOARD: dict[str, Any] = {
    "displayName": "Palier",
    "mosaicLayout": {
        "columns": 12,
        "tiles": [
            {"width": 6, "height": 4, "widget": CHART},
            {"xPos": 6, "width": 6, "height": 4, "widget": {"text": {"content": "Hello"}}},
        ],
    },
}
Ask = Callable[..., tuple[int, Any]]


@pytest.fixture
def ask() -> Iterator[Ask]:
    memory = Memory()
    descriptor = metric_pb2.MetricDescriptor(
        type=METRIC, metric_kind=rules.CUMULATIVE, value_type=rules.INT64
    )
    memory.describe("demo", descriptor, 0)
    configuration = Configuration(memory, delays=Delays(change=0))
    page = web.serve(memory, 0, configuration=configuration)

    def asked(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{page.server_port}/v1/projects/demo/dashboards{path}",
            json.dumps(body).encode() if body is not None else None,
            method=method,
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as problem:
            with problem:
                return problem.code, json.load(problem)["error"]

    yield asked
    page.shutdown()
    page.server_close()


def test_a_dashboards_life(ask: Ask) -> None:
    status, made = ask("POST", "", DASHBOARD)
    assert status == 200
    path = made["name"].removeprefix("projects/demo/dashboards")
    assert ask("GET", path) == (200, made)
    assert {key: made[key] for key in DASHBOARD} == DASHBOARD
    status, after = ask("PATCH", path, {**made, "displayName": "new"})
    assert (status, after["displayName"]) == (200, "new")
    status, problem = ask("PATCH", path, {**made, "displayName": "late"})
    assert (status, problem["status"]) == (409, "ABORTED")
    assert ask("GET", "") == (200, {"dashboards": [after]})
    assert ask("DELETE", path) == (200, {})
    assert ask("GET", path)[0] == ask("DELETE", path)[0] == ask("PATCH", path, after)[0] == 404


def test_one_may_ask_first(ask: Ask) -> None:
    assert ask("POST", "?validateOnly=true", DASHBOARD)[0] == 200
    assert ask("GET", "") == (200, {"dashboards": []})


def test_a_name_of_ones_own(ask: Ask) -> None:
    named = {**DASHBOARD, "name": "projects/demo/dashboards/palier"}
    assert ask("POST", "", named)[0] == 200
    assert ask("POST", "", named)[0] == 409
    assert ask("POST", "", {**DASHBOARD, "name": "projects/other/dashboards/palier"})[0] == 400


def changed(change: Callable[[Any], Any]) -> dict[str, Any]:
    made = copy.deepcopy(DASHBOARD)
    change(made)
    return made


def tile(number: int, **changes: Any) -> Callable[[Any], Any]:
    return lambda made: made["mosaicLayout"]["tiles"][number].update(changes)


def data_set(**changes: Any) -> Callable[[Any], Any]:
    def change(made: Any) -> None:
        widget = made["mosaicLayout"]["tiles"][0]["widget"]
        widget["xyChart"]["dataSets"][0].update(changes)

    return change


def filtered(**changes: Any) -> Callable[[Any], Any]:
    def change(made: Any) -> None:
        widget = made["mosaicLayout"]["tiles"][0]["widget"]
        widget["xyChart"]["dataSets"][0]["timeSeriesQuery"]["timeSeriesFilter"].update(changes)

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda made: made.pop("displayName"), "displayName is required"),
        (lambda made: made.pop("mosaicLayout"), "exactly one of"),
        (lambda made: made.update(gridLayout={}), "exactly one of"),
        (lambda made: made.update(colour="red"), "Unknown name \"colour\" at 'dashboard'"),
        (lambda made: made["mosaicLayout"].update(columns=13), "from 1 to 12"),
        (tile(1, xPos=7), "does not lie within"),
        (tile(1, xPos=5), "overlaps mosaicLayout.tiles[0]"),
        (tile(1, height=0), "does not lie within"),
        (tile(1, widget={}), "exactly one content"),
        (tile(1, widget={"text": {}, "blank": {}}), "exactly one content"),
        (tile(1, widget={"text": {"size": 3}}), 'Unknown name "size"'),
        (tile(1, widget={"alertChart": {"name": "projects/demo/alertPolicies/1"}}), "alertChart"),
        (tile(1, widget={"incidentList": {"policyNames": ["x"]}}), "incidentList"),
        (tile(1, widget={"xyChart": {"dataSets": []}}), "from 1 to 20"),
        (data_set(plotType="PIE"), "plotType must be one of"),
        (data_set(timeSeriesQuery={}), "needs exactly one of"),
        (filtered(filter='resource.type = "generic_task"'), "exactly one metric.type"),
        (filtered(aggregation={"perSeriesAligner": "ALIGN_BIG"}), "Invalid JSON payload"),
        (
            filtered(aggregation={"perSeriesAligner": "ALIGN_MAX", "alignmentPeriod": "60s"}),
            "The aligner cannot be applied to metrics with kind CUMULATIVE",
        ),
    ],
)
def test_what_cannot_be_drawn(ask: Ask, change: Callable[[Any], Any], reason: str) -> None:
    status, problem = ask("POST", "", changed(change))
    assert (status, problem["status"]) == (400, "INVALID_ARGUMENT")
    assert reason in problem["message"]


def test_a_metric_that_comes_later_may_be_drawn(ask: Ask) -> None:
    later = filtered(filter='metric.type = "custom.googleapis.com/palier/later"')
    assert ask("POST", "", changed(later))[0] == 200


def test_other_layouts_and_ratios(ask: Ask) -> None:
    side = CHART["xyChart"]["dataSets"][0]["timeSeriesQuery"]["timeSeriesFilter"]
    ratio = {"timeSeriesFilterRatio": {"numerator": side, "denominator": side}}
    card = {"scorecard": {"timeSeriesQuery": ratio}}
    assert ask("POST", "", {"displayName": "x", "gridLayout": {"widgets": [card]}})[0] == 200
    rows = {"rows": [{"widgets": [card, {"scorecard": {"timeSeriesQuery": {}}}]}]}
    status, problem = ask("POST", "", {"displayName": "x", "rowLayout": rows})
    assert status == 400
    assert "rowLayout.rows[0].widgets[1].scorecard.timeSeriesQuery" in problem["message"]
