"""Points and descriptors as Cloud Monitoring's API takes them, as plain values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.metrics import histogram, series
from functions.metrics.series import Distribution, Metric, Point

RESOURCE = "generic_task"
TASK = "palier"


def resource_labels(application: str, environment: str, location: str) -> dict[str, str]:
    """Whose the series of an environment are."""
    return {
        "location": location,
        "namespace": application,
        "job": environment,
        "task_id": TASK,
    }


def time_series(point: Point, labels: Mapping[str, str]) -> dict[str, Any]:
    """A series with one point; `labels` are the resource's."""
    interval = {"end_time": moment(point.end)}
    if point.start is not None:
        interval["start_time"] = moment(point.start)
    return {
        "metric": {"type": point.metric.type, "labels": dict(point.labels)},
        "resource": {"type": RESOURCE, "labels": dict(labels)},
        "metric_kind": point.metric.kind,
        "value_type": point.metric.value_type,
        "points": [{"interval": interval, "value": _value(point)}],
    }


def _value(point: Point) -> dict[str, Any]:
    if isinstance(point.value, Distribution):
        return {"distribution_value": _distribution(point.value)}
    if point.metric.value_type == series.INT64:
        return {"int64_value": int(point.value)}
    return {"double_value": float(point.value)}


def _distribution(value: Distribution) -> dict[str, Any]:
    last = max(value.buckets, default=0)
    return {
        "count": value.count,
        "mean": value.mean,
        "sum_of_squared_deviation": value.squared_deviation,
        "bucket_options": {
            "exponential_buckets": {
                "num_finite_buckets": histogram.FINITE,
                "growth_factor": histogram.GROWTH,
                "scale": histogram.SCALE_MS,
            }
        },
        "bucket_counts": [value.buckets.get(bucket, 0) for bucket in range(last + 1)],
    }


def descriptor(metric: Metric) -> dict[str, Any]:
    """How a metric is described."""
    return {
        "type": metric.type,
        "metric_kind": metric.kind,
        "value_type": metric.value_type,
        "unit": metric.unit,
        "description": metric.description,
        "display_name": f"Palier {metric.name.replace('_', ' ')}",
        "labels": [{"key": label, "value_type": "STRING"} for label in metric.labels],
    }


def moment(seconds: float) -> dict[str, int]:
    """A time (epoch seconds) as a protobuf Timestamp, to the millisecond."""
    milliseconds = round(seconds * 1000)
    return {"seconds": milliseconds // 1000, "nanos": milliseconds % 1000 * 10**6}
