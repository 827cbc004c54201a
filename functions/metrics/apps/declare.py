"""Declaring a metric of apps, as decisions for `commit_change`. See `catalog.py`."""

from __future__ import annotations

from collections.abc import Mapping

from functions import catalog
from functions.catalog import Catalog, Decide
from functions.changes import Decision, View
from functions.errors import FailedPrecondition, InvalidArgument
from functions.metrics.apps.declared import (
    MOST,
    MOST_DURATIONS,
    AppMetric,
    Kind,
    completed,
    problems,
    read_all,
)
from functions.metrics.measures import Known
from functions.published import DECLARED

METRICS = Catalog(DECLARED, "metric", MOST)

Measured = Mapping[str, Mapping[str, Known]]
"""By service, the measures that the bundle's own functions report."""


def declare(metric: AppMetric, measured: Measured) -> Decide:
    """Its result is the metric as it was declared. Raises InvalidArgument, FailedPrecondition (too
    many, or of another kind than before)."""
    metric = completed(metric)
    wrong = list(problems(metric, measured))
    if wrong:
        raise InvalidArgument(" ".join(wrong))
    put = catalog.put(METRICS, metric.name, metric.to_definition())

    def decide(view: View) -> Decision:
        known = read_all(view.part(DECLARED))
        _require_same_kind(metric, known)
        _require_room(metric, known)
        return put(view)

    return decide


def remove(name: str) -> Decide:
    """Its events are refused from then on; what was counted stays. Raises NotFound."""
    return catalog.remove(METRICS, name)


def _require_same_kind(metric: AppMetric, known: Mapping[str, AppMetric]) -> None:
    before = known.get(metric.name)
    if before is not None and before.kind is not metric.kind:
        raise FailedPrecondition(
            f"`{metric.name}` is a {before.kind}: as a {metric.kind} its values would be added to "
            "what they can't be compared with.",
            remedy="Declare it by another name, or remove it first.",
        )


def _require_room(metric: AppMetric, known: Mapping[str, AppMetric]) -> None:
    durations = {name for name, each in known.items() if each.kind is Kind.DURATION}
    if metric.kind is Kind.DURATION and len(durations | {metric.name}) > MOST_DURATIONS:
        raise FailedPrecondition(
            f"There are {len(durations)} metrics that are durations; at most {MOST_DURATIONS} fit.",
            remedy="Remove one that is no longer needed.",
        )
