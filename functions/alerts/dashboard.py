"""The dashboard for Cloud Console: what a version does, side by side with the others. Pure.

A JSON value as `gcloud monitoring dashboards create --config-from-file` takes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from functions.alerts.policies import Place
from functions.metrics import series
from functions.metrics.series import CUMULATIVE, DISTRIBUTION, Metric

Json = Mapping[str, Any]

COLUMNS = 12
WIDTH = 4
HEIGHT = 4
MINUTE = "60s"
BY_VERSION = ("service", "version")


def dashboard(place: Place) -> Json:
    """Charts in three columns, what is most urgent first."""
    tiles = [
        {
            "xPos": number % (COLUMNS // WIDTH) * WIDTH,
            "yPos": number // (COLUMNS // WIDTH) * HEIGHT,
            "width": WIDTH,
            "height": HEIGHT,
            "widget": widget,
        }
        for number, widget in enumerate(_widgets(place))
    ]
    return {
        "displayName": f"Palier {place}",
        "mosaicLayout": {"columns": COLUMNS, "tiles": tiles},
    }


def identifier(place: Place) -> str:
    """What the dashboard of an environment is called in a project."""
    return f"palier-{place.application}-{place.environment}"


def _widgets(place: Place) -> Iterator[Json]:
    def chart(title: str, metric: Metric, *by: str) -> Json:
        return _chart(title, [_line(metric, place, by or metric.labels)])

    yield _chart("Requests a second", [_line(series.REQUESTS, place, BY_VERSION)])
    yield _chart("Error rate", [_ratio(series.FAILURES, series.SERVED, place)])
    percentiles = [
        _line(series.EXECUTION_TIME, place, BY_VERSION, percentile) for percentile in (50, 95, 99)
    ]
    yield _chart("Execution time (ms): 50, 95 and 99 %", percentiles)
    yield chart("Errors a second, by code", series.ERRORS, "code", "version")
    yield chart("Users failing in a row", series.CONSECUTIVE_FAILURES)
    yield chart("Performance score", series.PERFORMANCE_SCORE)
    yield chart("Memory in use", series.MEMORY)
    yield chart("CPU in use", series.CPU)
    yield chart("Requests at once on an instance", series.CONCURRENCY)
    yield chart("Users given the new version (%)", series.ROLLOUT_PERCENTAGE)
    yield chart("What rules compare", series.RULE_VALUE, "rule", "version")
    yield chart("Retries a second", series.RETRIES)
    yield chart("Stories a second", series.STORIES)
    yield chart("Dollars a second", series.COST, "version")
    yield chart("Faults of answers a second", series.FAULTS, "fault", "version")
    yield chart("Quality of stories", series.QUALITY, "score", "version")
    yield _chart("Stars a rating", [_ratio(series.STARS, series.RATINGS, place)])
    yield chart("Until a stream's first piece (ms)", series.FIRST_PIECE)
    yield chart("Metrics of apps: means", series.APP_VALUE, "metric", "version")
    yield chart("Metrics of apps: how often a second", series.APP_COUNT, "metric", "version")
    times = [_line(series.APP_TIME, place, ("metric", "version"), 95)]
    yield _chart("Durations of apps (ms): 95 %", times)
    yield chart("Open incidents", series.INCIDENTS_OPEN)
    yield chart("Notifications given up", series.DEAD_LETTERS)
    yield chart("Heartbeat of the control loop", series.TICK_HEARTBEAT)


def _chart(title: str, queries: Sequence[Json]) -> Json:
    return {
        "title": title,
        "xyChart": {
            "dataSets": [
                {"timeSeriesQuery": query, "plotType": "LINE", "minAlignmentPeriod": MINUTE}
                for query in queries
            ],
            "yAxis": {"scale": "LINEAR"},
        },
    }


def _line(metric: Metric, place: Place, by: Sequence[str], percentile: int = 0) -> Json:
    if metric.value_type == DISTRIBUTION:
        aligner, reducer = "ALIGN_DELTA", f"REDUCE_PERCENTILE_{percentile}"
    elif metric.kind == CUMULATIVE:
        aligner, reducer = "ALIGN_RATE", "REDUCE_SUM"
    else:
        aligner, reducer = "ALIGN_MEAN", "REDUCE_MEAN"
    return {"timeSeriesFilter": _of(metric, place, by, aligner, reducer)}


def _ratio(above: Metric, below: Metric, place: Place) -> Json:
    return {
        "timeSeriesFilterRatio": {
            "numerator": _of(above, place, BY_VERSION, "ALIGN_RATE", "REDUCE_SUM"),
            "denominator": _of(below, place, BY_VERSION, "ALIGN_RATE", "REDUCE_SUM"),
        }
    }


def _of(metric: Metric, place: Place, by: Sequence[str], aligner: str, reducer: str) -> Json:
    conditions = (
        f'metric.type = "{metric.type}"',
        'resource.type = "generic_task"',
        f'resource.labels.namespace = "{place.application}"',
        f'resource.labels.job = "{place.environment}"',
    )
    return {
        "filter": " AND ".join(conditions),
        "aggregation": {
            "alignmentPeriod": MINUTE,
            "perSeriesAligner": aligner,
            "crossSeriesReducer": reducer,
            "groupByFields": [f"metric.label.{label}" for label in by],
        },
    }
