"""The documented rules of `timeSeries.create`, worded as Cloud Monitoring words them. Pure.

There are two kinds of refusal. A malformed request, or a point whose interval can't be, is refused
whole. Of a well-formed request each series is written or refused alone: partial success.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

SERIES_A_REQUEST = 200
LABELS = 30
LABEL_KEY_LENGTH = 100
LABEL_VALUE_LENGTH = 1024
BUCKETS = 200
PAST = datetime.timedelta(hours=25)
FUTURE = datetime.timedelta(minutes=5)

GAUGE, DELTA, CUMULATIVE = 1, 2, 3
KINDS = {GAUGE: "GAUGE", DELTA: "DELTA", CUMULATIVE: "CUMULATIVE"}
BOOL, INT64, DOUBLE, STRING, DISTRIBUTION = 1, 2, 3, 4, 5
VALUE_TYPES = {
    BOOL: "BOOL",
    INT64: "INT64",
    DOUBLE: "DOUBLE",
    STRING: "STRING",
    DISTRIBUTION: "DISTRIBUTION",
}
VALUE_FIELDS = {
    "bool_value": BOOL,
    "int64_value": INT64,
    "double_value": DOUBLE,
    "string_value": STRING,
    "distribution_value": DISTRIBUTION,
}

DOMAINS = ("custom.googleapis.com/", "external.googleapis.com/", "workload.googleapis.com/")
METRIC_TYPE = re.compile(r"[a-z.]+/[A-Za-z0-9_./-]{1,200}")
LABEL_KEY = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
RESOURCES: Mapping[str, frozenset[str]] = {
    "global": frozenset(),
    "generic_node": frozenset({"location", "namespace", "node_id"}),
    "generic_task": frozenset({"location", "namespace", "job", "task_id"}),
}
"""Resource types that custom metrics may use, with their labels beside project_id."""

LOCATION = re.compile(r"global|[a-z]+-[a-z]+[0-9](-[a-z])?")

COULD_NOT = "One or more TimeSeries could not be written: "
TOO_OFTEN = (
    "One or more points were written more frequently than the maximum sampling period "
    "configured for the metric."
)
OUT_OF_ORDER = (
    "Points must be written in order. One or more of the points specified had an older {} time "
    "than the most recent point."
)
DUPLICATE = "Duplicate TimeSeries encountered. Only one point can be written per TimeSeries."


class InvalidRequest(Exception):
    """The whole request is refused; the text is what the client gets."""


class SeriesKey(NamedTuple):
    """What makes a series one: metric, resource and all their labels."""

    metric: str
    labels: tuple[tuple[str, str], ...]
    resource: str
    resource_labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Last:
    """The most recent point of a series: its interval, and when it was received (ns)."""

    start: int
    end: int
    received: int


@dataclass(frozen=True)
class Limits:
    """Seconds between two points of a series, by their end times and by their arrival."""

    period: float = 5.0
    arrival_period: float = 0.0


@dataclass(frozen=True)
class Refusal:
    """A series of a request that was not written, by its place in the request."""

    index: int
    reason: str


def series_key(series: Any, project: str) -> SeriesKey:
    """The identity of a series. The server knows the project, whether the client says it or not."""
    resource_labels = {**series.resource.labels, "project_id": project}
    return SeriesKey(
        series.metric.type,
        tuple(sorted(series.metric.labels.items())),
        series.resource.type,
        tuple(sorted(resource_labels.items())),
    )


def check_request(batch: Sequence[Any], now_ns: int) -> None:
    """Raises InvalidRequest for what is refused whole."""
    if not batch:
        raise InvalidRequest("Request was missing field timeSeries.")
    if len(batch) > SERIES_A_REQUEST:
        raise InvalidRequest(
            f"Field timeSeries had an invalid value: A maximum of {SERIES_A_REQUEST} TimeSeries "
            f"can be written in a single request; {len(batch)} were given."
        )
    for index, series in enumerate(batch):
        where = f"timeSeries[{index}]"
        if len(series.points) != 1:
            raise InvalidRequest(
                f"Field {where}.points had an invalid value: Only one point can be written per "
                "TimeSeries per request."
            )
        _check_value(series, where)
        _check_interval(series, where, now_ns)


def check_series(
    series: Any, descriptor: Any | None, last: Last | None, limits: Limits, now_ns: int
) -> str | None:
    """Why a series of a well-formed request can't be written; None when it can."""
    return (
        _check_metric(series)
        or _check_labels(series)
        or _check_resource(series)
        or _check_descriptor(series, descriptor)
        or (_check_order(series, last, limits, now_ns) if last else None)
    )


def refused_text(batch: Sequence[Any], refusals: Iterable[Refusal]) -> str:
    """The message of a partial failure: each reason with the places it concerns."""
    by_reason: dict[str, list[int]] = {}
    for refusal in refusals:
        by_reason.setdefault(refusal.reason, []).append(refusal.index)
    parts = []
    for reason, indexes in by_reason.items():
        example = batch[indexes[0]]
        labels = ",".join(f"{key}:{value}" for key, value in sorted(example.metric.labels.items()))
        resource = ",".join(f"{k}:{v}" for k, v in sorted(example.resource.labels.items()))
        parts.append(
            f"{reason}: {example.resource.type}{{{resource}}} "
            f"timeSeries[{ranges(indexes)}]: {example.metric.type}{{{labels}}}"
        )
    return COULD_NOT + "; ".join(parts)


def ranges(indexes: Sequence[int]) -> str:
    """Places as Cloud Monitoring writes them: 0-2,5."""
    spans: list[list[int]] = []
    for index in sorted(indexes):
        if spans and index == spans[-1][1] + 1:
            spans[-1][1] = index
        else:
            spans.append([index, index])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)


def interval_ns(point: Any) -> tuple[int, int]:
    """Start and end of a point in nanoseconds; a start that was not given is the end."""
    end = point.interval.end_time.ToNanoseconds()
    given = point.interval.HasField("start_time")
    return (point.interval.start_time.ToNanoseconds() if given else end), end


def check_new_descriptor(descriptor: Any, existing: Any | None) -> None:
    """Raises InvalidRequest for a descriptor that can't be created."""
    if not _is_custom(descriptor.type):
        raise InvalidRequest(_bad_type("metricDescriptor.type", descriptor.type))
    if descriptor.metric_kind not in (GAUGE, CUMULATIVE):
        kind = KINDS.get(descriptor.metric_kind, "METRIC_KIND_UNSPECIFIED")
        raise InvalidRequest(
            f'Field metricDescriptor.metricKind had an invalid value of "{kind}": '
            "The metric kind must be GAUGE or CUMULATIVE for custom metrics."
        )
    if descriptor.value_type not in VALUE_TYPES:
        raise InvalidRequest("Field metricDescriptor.valueType had an invalid value.")
    if descriptor.metric_kind == CUMULATIVE and descriptor.value_type in (BOOL, STRING):
        raise InvalidRequest(
            "Field metricDescriptor.valueType had an invalid value: BOOL and STRING are for GAUGE."
        )
    if len(descriptor.labels) > LABELS:
        raise InvalidRequest(f"Metric descriptors have at most {LABELS} labels.")
    for label in descriptor.labels:
        _check_label_key("metricDescriptor.labels", label.key)
    if existing is not None:
        _check_same(descriptor, existing)


def _check_same(descriptor: Any, existing: Any) -> None:
    for name, names in (("metric_kind", KINDS), ("value_type", VALUE_TYPES)):
        was, becomes = getattr(existing, name), getattr(descriptor, name)
        if was != becomes:
            raise InvalidRequest(
                f"Metric {existing.type} exists as {names[was]} and can't become {names[becomes]}; "
                "delete its descriptor first."
            )


def _check_interval(series: Any, where: str, now_ns: int) -> None:
    point = series.points[0]
    field = f"Field {where}.points[0].interval"
    if not point.interval.HasField("end_time"):
        raise InvalidRequest(f"{field}.end_time was missing.")
    start, end = interval_ns(point)
    if end < now_ns - PAST.total_seconds() * 1e9:
        raise InvalidRequest(
            f'{field}.end_time had an invalid value of "{_time(end)}": '
            "Data points cannot be written more than 25h in the past."
        )
    if end > now_ns + FUTURE.total_seconds() * 1e9:
        raise InvalidRequest(
            f'{field}.end_time had an invalid value of "{_time(end)}": '
            "Data points cannot be written more than 5m in the future."
        )
    if series.metric_kind == CUMULATIVE and start >= end:
        raise InvalidRequest(
            f'{field}.start_time had an invalid value of "{_time(start)}": The start time must be '
            f"before the end time ({_time(end)}) for the non-gauge metric '{series.metric.type}'."
        )
    if series.metric_kind in (0, GAUGE) and start != end:
        raise InvalidRequest(
            f'{field}.start_time had an invalid value of "{_time(start)}": The start time must be '
            f"equal to the end time ({_time(end)}) for the gauge metric '{series.metric.type}'."
        )


def _check_value(series: Any, where: str) -> None:
    field = series.points[0].value.WhichOneof("value")
    if field is None:
        raise InvalidRequest(f"Field {where}.points[0].value was missing.")
    if field == "double_value" and not math.isfinite(series.points[0].value.double_value):
        raise InvalidRequest(f"Field {where}.points[0].value must be a finite number.")
    if field == "distribution_value":
        _check_distribution(series.points[0].value.distribution_value, where)


def _check_distribution(distribution: Any, where: str) -> None:
    field = f"Field {where}.points[0].value.distributionValue"
    counts = list(distribution.bucket_counts)
    kind = distribution.bucket_options.WhichOneof("options")
    if counts and kind is None:
        raise InvalidRequest(f"{field}.bucketOptions was missing.")
    if kind == "exponential_buckets":
        options = distribution.bucket_options.exponential_buckets
        if options.num_finite_buckets < 1 or options.growth_factor <= 1 or options.scale <= 0:
            raise InvalidRequest(f"{field}.bucketOptions.exponentialBuckets had an invalid value.")
        _check_bucket_number(options.num_finite_buckets + 2, len(counts), field)
    if kind == "linear_buckets":
        options = distribution.bucket_options.linear_buckets
        _check_bucket_number(options.num_finite_buckets + 2, len(counts), field)
    if kind == "explicit_buckets":
        bounds = list(distribution.bucket_options.explicit_buckets.bounds)
        if not bounds or bounds != sorted(set(bounds)):
            raise InvalidRequest(f"{field}.bucketOptions.explicitBuckets.bounds must increase.")
        _check_bucket_number(len(bounds) + 1, len(counts), field)
    if min(counts, default=0) < 0 or (counts and sum(counts) != distribution.count):
        raise InvalidRequest(f"{field}.bucketCounts must add up to count.")
    if not distribution.count and (distribution.mean or distribution.sum_of_squared_deviation):
        raise InvalidRequest(f"{field}: mean and deviation of an empty distribution must be 0.")


def _check_bucket_number(number: int, counts: int, field: str) -> None:
    if number > BUCKETS:
        raise InvalidRequest(f"{field}.bucketOptions: at most {BUCKETS} buckets are allowed.")
    if counts > number:
        raise InvalidRequest(f"{field}.bucketCounts has more counts than there are buckets.")


def _check_metric(series: Any) -> str | None:
    if not _is_custom(series.metric.type):
        return _bad_type("metric.type", series.metric.type)
    if series.metric_kind == DELTA:
        return (
            'Field metricKind had an invalid value of "DELTA": '
            "The metric kind must be GAUGE or CUMULATIVE for custom metrics."
        )
    return None


def _check_labels(series: Any) -> str | None:
    if len(series.metric.labels) > LABELS:
        return f"The metric has more than {LABELS} labels."
    for key, value in series.metric.labels.items():
        try:
            _check_label_key("metric.labels", key)
        except InvalidRequest as problem:
            return str(problem)
        if len(value) > LABEL_VALUE_LENGTH:
            return f"The value of metric label {key} is longer than {LABEL_VALUE_LENGTH}."
    return None


def _check_label_key(field: str, key: str) -> None:
    if not LABEL_KEY.fullmatch(key):
        raise InvalidRequest(
            f'Field {field} had an invalid value of "{key}": Label key contains invalid characters.'
        )
    if len(key) > LABEL_KEY_LENGTH:
        raise InvalidRequest(f'Field {field} had an invalid value of "{key}": Label key too long.')


def _check_resource(series: Any) -> str | None:
    kind, labels = series.resource.type, series.resource.labels
    if kind not in RESOURCES:
        return (
            f'Field resource.type had an invalid value of "{kind}": '
            "The monitored resource type can't be used with custom metrics."
        )
    unknown = sorted(set(labels) - RESOURCES[kind] - {"project_id"})
    if unknown:
        return f"Unrecognized resource label: {unknown[0]}"
    missing = sorted(name for name in RESOURCES[kind] if name not in labels)
    if missing:
        return f"The set of resource labels is incomplete. Missing labels: ({' '.join(missing)})."
    if "location" in labels and not LOCATION.fullmatch(labels["location"]):
        return "Unrecognized region or location."
    return None


def _check_descriptor(series: Any, descriptor: Any | None) -> str | None:
    if descriptor is None:
        return None
    value_type = VALUE_FIELDS[series.points[0].value.WhichOneof("value")]
    if series.metric_kind and series.metric_kind != descriptor.metric_kind:
        return (
            f'Field metricKind had an invalid value of "{KINDS[series.metric_kind]}": '
            f"The metric kind must be {KINDS[descriptor.metric_kind]}."
        )
    if value_type != descriptor.value_type:
        return (
            f'Field valueType had an invalid value of "{VALUE_TYPES[value_type]}": '
            f"The value type must be {VALUE_TYPES[descriptor.value_type]}."
        )
    return None


def _check_order(series: Any, last: Last, limits: Limits, now_ns: int) -> str | None:
    start, end = interval_ns(series.points[0])
    if end <= last.end:
        return OUT_OF_ORDER.format("end")
    if series.metric_kind == CUMULATIVE and start != last.start and start <= last.end:
        return OUT_OF_ORDER.format("start")
    too_often = end - last.end < limits.period * 1e9
    if too_often or now_ns - last.received < limits.arrival_period * 1e9:
        return TOO_OFTEN
    return None


def _is_custom(metric: str) -> bool:
    return metric.startswith(DOMAINS) and METRIC_TYPE.fullmatch(metric) is not None


def _bad_type(field: str, metric: str) -> str:
    return (
        f'Field {field} had an invalid value of "{metric}": The metric type must be a '
        "URL-formatted string with a domain and non-empty path."
    )


def _time(nanoseconds: int) -> str:
    moment = datetime.datetime.fromtimestamp(nanoseconds / 1e9, datetime.UTC)
    return moment.isoformat(timespec="milliseconds")
