"""What a chart draws: a filter with its aggregations, or the ratio of two. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.cloud import monitoring_v3
from google.protobuf import json_format

from local.monitoring import filters
from local.monitoring.alerting import aggregation
from local.monitoring.alerting.aggregation import Shape
from local.monitoring.rules import InvalidRequest

Describe = Callable[[str], Any]
KINDS = ("timeSeriesFilter", "timeSeriesFilterRatio", "prometheusQuery")
AGGREGATIONS = ("aggregation", "secondaryAggregation")


def check_query(query: Any, where: str, describe: Describe) -> None:
    """Raises InvalidRequest. Queries in a language of their own are taken as they are."""
    kinds = [name for name in KINDS if name in query]
    if len(kinds) != 1:
        raise InvalidRequest(f"Field {where} needs exactly one of {', '.join(KINDS)}.")
    (kind,) = kinds
    if kind == "timeSeriesFilter":
        _check_part(query[kind], f"{where}.{kind}", describe)
    if kind == "timeSeriesFilterRatio":
        for side in ("numerator", "denominator"):
            _check_part(query[kind].get(side, {}), f"{where}.{kind}.{side}", describe)


def threshold(query: Any) -> Any:
    """A query as a condition would have it, to be computed as one; None for other languages."""
    condition = monitoring_v3.AlertPolicy.Condition.MetricThreshold.pb()()
    if "timeSeriesFilter" in query:
        condition.filter = query["timeSeriesFilter"]["filter"]
        condition.aggregations.extend(_parsed(query["timeSeriesFilter"], ""))
        return condition
    if "timeSeriesFilterRatio" in query:
        ratio = query["timeSeriesFilterRatio"]
        condition.filter = ratio["numerator"]["filter"]
        condition.aggregations.extend(_parsed(ratio["numerator"], ""))
        condition.denominator_filter = ratio["denominator"]["filter"]
        condition.denominator_aggregations.extend(_parsed(ratio["denominator"], ""))
        return condition
    return None


def _check_part(part: Any, where: str, describe: Describe) -> None:
    metric = filters.only(filters.parse(part.get("filter", "")), "metric.type")
    if metric is None:
        raise InvalidRequest(f"Field {where}.filter must specify exactly one metric.type.")
    given = _parsed(part, where)
    descriptor = describe(metric)
    if descriptor is not None:
        shape = Shape(descriptor.metric_kind, descriptor.value_type)
        aggregation.check(given, shape, f"{where}.aggregation")


def _parsed(part: Any, where: str) -> list[Any]:
    found = []
    for name in AGGREGATIONS:
        if part.get(name):
            message = monitoring_v3.Aggregation.pb()()
            try:
                found.append(json_format.ParseDict(part[name], message))
            except json_format.ParseError as problem:
                text = f"Invalid JSON payload received at '{where}.{name}': {problem}"
                raise InvalidRequest(text) from None
    return found
