"""Conditions, series and times in words a person reads. Pure: text, not yet HTML."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Any

from local.monitoring import filters, graph
from local.monitoring.alerting.aggregation import Aligner, Reducer
from local.monitoring.alerting.conditions import Comparison
from local.monitoring.alerting.selection import Labels

SHOWN_FIRST = ("metric.labels.service", "metric.labels.flag", "metric.labels.version")
SEVERITIES = {1: "Critical", 2: "Error", 3: "Warning"}
ALIGNED = {
    Aligner.ALIGN_DELTA: "added in",
    Aligner.ALIGN_RATE: "rate a second over",
    Aligner.ALIGN_MIN: "least of",
    Aligner.ALIGN_MAX: "most of",
    Aligner.ALIGN_MEAN: "mean of",
    Aligner.ALIGN_SUM: "sum of",
    Aligner.ALIGN_COUNT: "points in",
    Aligner.ALIGN_NEXT_OLDER: "latest of",
}
REDUCED = {
    Reducer.REDUCE_SUM: "summed up",
    Reducer.REDUCE_MEAN: "on average",
    Reducer.REDUCE_MIN: "the lowest",
    Reducer.REDUCE_MAX: "the highest",
    Reducer.REDUCE_COUNT: "counted",
    Reducer.REDUCE_PERCENTILE_99: "99th percentile",
    Reducer.REDUCE_PERCENTILE_95: "95th percentile",
    Reducer.REDUCE_PERCENTILE_50: "median",
}


def metric_of(text: str) -> str:
    """The metric that a filter demands."""
    return filters.only(filters.parse(text), "metric.type") or ""


def short(metric: str) -> str:
    """A metric's name without its domain."""
    return metric.rpartition("/")[2].replace("_", " ")


def condition(one: Any, unit: str) -> str:
    """What a condition asks: rule value (rule p1-error-rate) above 0.05 for 1 min."""
    kind = one.WhichOneof("condition")
    content = getattr(one, kind)
    subject = what(content.filter)
    lasting = duration(content.duration.ToSeconds())
    if kind == "condition_absent":
        return f"no data of {subject} for {lasting}"
    if content.denominator_filter:
        subject = f"{subject} ÷ {what(content.denominator_filter)}"
    way = "above" if content.comparison == Comparison.COMPARISON_GT else "below"
    limit = graph.shown(content.threshold_value, unit)
    held = f" for {lasting}" if content.duration.ToSeconds() else ""
    return f"{subject} {way} {limit}{held}"


def how(aggregations: Sequence[Any]) -> str:
    """How points become one value: most of 1 min, summed up by service."""
    parts = []
    for one in aggregations:
        aligned = ALIGNED.get(one.per_series_aligner)
        if aligned:
            parts.append(f"{aligned} {duration(one.alignment_period.ToSeconds())}")
        reduced = REDUCED.get(one.cross_series_reducer)
        if reduced:
            groups = ", ".join(field.rpartition(".")[2] for field in one.group_by_fields)
            parts.append(f"{reduced} by {groups}" if groups else reduced)
    return ", ".join(parts)


def what(text: str) -> str:
    """What a filter picks: rule value (rule p1-error-rate) in main production."""
    conditions = filters.parse(text)
    wanted, places = [], []
    for one in conditions:
        values = f"{'not ' if one.negated else ''}{' or '.join(one.values)}"
        if one.field.startswith("metric.label"):
            wanted.append(f"{one.field.rpartition('.')[2]} {values}")
        elif one.field.startswith("resource.label"):
            places.append(values)
    name = short(filters.only(conditions, "metric.type") or "")
    labels = f" ({', '.join(wanted)})" if wanted else ""
    return f"{name}{labels}{' in ' if places else ''}{' '.join(places)}"


def series(labels: Labels, text: str = "") -> str:
    """What tells a series apart from others: stories · 1.3.0; the resource where nothing does.

    What the filter `text` demands is the same for all of them, so it is left out.
    """
    fixed = {
        re.sub(r"\.label\.", ".labels.", one.field) for one in filters.parse(text) if one.exact
    }
    given = {name: value for name, value in labels if name not in fixed}
    first = [given.pop(name) for name in SHOWN_FIRST if name in given]
    own = [value for name, value in sorted(given.items()) if name.startswith("metric.")]
    places = ("resource.labels.namespace", "resource.labels.job")
    place = [given[name] for name in places if name in given]
    return " · ".join([*first, *own] or place) or "all"


def duration(seconds: float) -> str:
    """A length of time: 90 s, 3 min, 2 h 5 min, 4 d."""
    whole = round(seconds)
    if whole < 60 or (whole < 600 and whole % 60):
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours // 24} d"


def moment(seconds: float, now: float) -> str:
    """A time (UTC), with its date when that is another day."""
    at = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    today = datetime.datetime.fromtimestamp(now, datetime.UTC).date()
    return at.strftime("%H:%M" if at.date() == today else "%d %b %H:%M")
