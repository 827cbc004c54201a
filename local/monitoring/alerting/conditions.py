"""Conditions of a policy, evaluated as of a time. Pure: series and a time in, readings out.

A threshold holds when the aligned value is beyond it now and was at every minute of the duration,
its beginning included: a duration of 60 s takes two minutes' values in a row, 0 s takes one. So a
single outlier opens nothing when a duration is given. What a minute without data counts as is the
condition's choice: false (inactive), true (active), or neither (no-op): a gap within the duration
is passed over, and now it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from google.cloud import monitoring_v3

from local.monitoring.alerting.selection import (
    MINUTE,
    Labels,
    compared,
    grouped,
    inputs,
    labels_of,
    matching,
)
from local.monitoring.memory import NANOSECONDS, Series

Comparison = monitoring_v3.ComparisonType
Missing = monitoring_v3.AlertPolicy.Condition.EvaluationMissingData


@dataclass(frozen=True)
class Reading:
    """A series, or a group of several, as a condition sees it at a time.

    value     what is compared; of an absence the seconds since the last point; None without data
    breached  whether the value is beyond the threshold now; None when that can't be said
    since     since when it has been so (epoch seconds), as far back as the duration reaches
    holds     whether that is long enough
    """

    labels: Labels
    value: float | None
    breached: bool | None
    since: float | None
    holds: bool


@dataclass(frozen=True)
class Outcome:
    """A condition at a time: its readings, and whether enough of them hold."""

    readings: tuple[Reading, ...]
    met: bool


def evaluate(condition: Any, series: Iterable[Series], at: float) -> Outcome:
    """A condition as of a time (epoch seconds)."""
    series = list(series)
    kind = condition.WhichOneof("condition")
    content = getattr(condition, kind)
    if kind == "condition_absent":
        readings = _absence(content, series, at)
    else:
        readings = _threshold(content, series, at)
    return Outcome(tuple(readings), _enough(content.trigger, readings))


def _threshold(threshold: Any, series: Iterable[Series], at: float) -> list[Reading]:
    seconds = int(threshold.duration.ToSeconds())
    given = inputs(threshold, series, at, seconds)
    steps = range(seconds // MINUTE, -1, -1)
    moments = [at - MINUTE * step for step in steps]
    by_moment = [compared(threshold, given, moment) for moment in moments]
    return [
        _judged(threshold, labels, moments, [found.get(labels) for found in by_moment], first)
        for labels, first in sorted(given.begun.items())
    ]


def _judged(
    threshold: Any,
    labels: Labels,
    moments: Sequence[float],
    found: Sequence[float | None],
    begun: float,
) -> Reading:
    """`begun` is when the series had its first point: nothing was missing before."""
    verdicts = [
        _beyond(threshold, value) if moment >= begun else None
        for moment, value in zip(moments, found, strict=True)
    ]
    since = None
    for moment, verdict in zip(reversed(moments), reversed(verdicts), strict=True):
        if verdict is False:
            break
        since = moment if verdict else since
    held = verdicts[-1] is True and since == moments[0]
    return Reading(labels, found[-1], verdicts[-1], since if verdicts[-1] else None, held)


def _beyond(threshold: Any, value: float | None) -> bool | None:
    if value is None:
        missing = threshold.evaluation_missing_data
        if missing == Missing.EVALUATION_MISSING_DATA_INACTIVE:
            return False
        return True if missing == Missing.EVALUATION_MISSING_DATA_ACTIVE else None
    if threshold.comparison == Comparison.COMPARISON_LT:
        return bool(value < threshold.threshold_value)
    return bool(value > threshold.threshold_value)


def _absence(absence: Any, series: Sequence[Series], at: float) -> list[Reading]:
    last: dict[Labels, int] = {}
    for some in matching(absence.filter, series, at):
        group = grouped(labels_of(some), absence.aggregations)
        ends = [point.end for point in some.points if point.end <= at * NANOSECONDS]
        last[group] = max(last.get(group, 0), ends[-1])
    readings = []
    for labels, end in sorted(last.items()):
        silent = at - end / NANOSECONDS
        gone = silent >= absence.duration.ToSeconds()
        since = end / NANOSECONDS if silent >= MINUTE else None
        readings.append(Reading(labels, silent, gone, since, gone))
    return readings


def _enough(trigger: Any, readings: Sequence[Reading]) -> bool:
    holding = sum(reading.holds for reading in readings)
    if trigger.WhichOneof("type") == "percent":
        return holding > 0 and holding * 100 >= trigger.percent * len(readings)
    return holding >= max(1, int(trigger.count))
