"""An event as an app sends it: whether it may be counted, and what it then stands for. Pure.

Of a batch either all events are taken or none: what is wrong is told event by event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from functions.metrics.apps.declared import VALUES, AppMetric

LATE_SECONDS = 120.0
"""So long after its moment an event still goes to the slot of its moment."""

AHEAD_SECONDS = 60.0
"""So far may the clock of an app be ahead."""

TOLD = 10
"""Problems that are named; a batch has more."""

Context = Mapping[str, Any]


@dataclass(frozen=True)
class Event:
    """`at` is when it happened (epoch seconds), None for now. `context` is the user's, as flags are
    evaluated for it."""

    metric: str
    value: float | None
    at: float | None
    context: Context


class Problem(NamedTuple):
    """What is wrong with one event of a batch, counted from 0."""

    number: int
    field: str
    expected: str

    def to_json(self) -> dict[str, str]:
        return {"field": f"events.{self.number}.{self.field}", "expected": self.expected}


@dataclass(frozen=True)
class Occurrence:
    """An event that counts. A late one counts as late only: `at` is then when it came."""

    metric: AppMetric
    value: float
    at: float
    late: bool
    context: Context


def problems(
    events: Sequence[Event], declared: Mapping[str, AppMetric], now: float
) -> Iterator[Problem]:
    """What is wrong with the events of a batch that came at `now`."""
    for index, event in enumerate(events):
        metric = declared.get(event.metric)
        if metric is None:
            yield Problem(
                index, "metric", "the name of a metric that is declared in this environment"
            )
            continue
        expected = VALUES[metric.kind].problem(event.value)
        if expected is not None:
            yield Problem(index, "value", f"{expected} (the metric is a {metric.kind})")
        if event.at is not None and event.at > now + AHEAD_SECONDS:
            yield Problem(index, "at", "a time that isn't more than a minute ahead of ours")


def occurrence(event: Event, metric: AppMetric, now: float) -> Occurrence:
    """What an event without problems stands for, when it comes at `now`."""
    at = now if event.at is None else min(event.at, now)
    late = at < now - LATE_SECONDS
    return Occurrence(
        metric, metric.value_of(event.value), now if late else at, late, event.context
    )
