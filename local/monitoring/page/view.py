"""All that the pages show, taken at one moment, so that nobody waits while it is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.monitoring.alerting.configuration import Configuration
from local.monitoring.alerting.incidents import Incident, State
from local.monitoring.alerting.watch import Watch
from local.monitoring.faults import Fault, Faults
from local.monitoring.memory import Series

SHORTEST_SPAN_SECONDS = 600
LONGEST_SPAN_SECONDS = 3 * 3600


@dataclass(frozen=True)
class View:
    """Times are epoch seconds. `looked_at` is the minute that policies were last evaluated for,
    `fault` what calls suffer from on demand."""

    now: float
    written: int
    refused: int
    refusals: Sequence[tuple[int, str]]
    descriptors: Mapping[str, Any]
    series: Sequence[Series]
    policies: Sequence[Any]
    channels: Mapping[str, Any]
    dashboards: Sequence[Mapping[str, Any]]
    states: Mapping[str, State]
    open: Sequence[Incident]
    closed: Sequence[Incident]
    looked_at: float | None
    fault: Fault | None

    @property
    def span(self) -> tuple[float, float]:
        """From the first point, if that is not too long ago, until now."""
        first = min((some.points[0].end / 1e9 for some in self.series), default=self.now)
        length = max(self.now - first + 60, SHORTEST_SPAN_SECONDS)
        return self.now - min(length, LONGEST_SPAN_SECONDS), self.now

    def unit(self, metric: str) -> str:
        """The unit of a metric; that of a number when nobody has described it."""
        descriptor = self.descriptors.get(metric)
        return descriptor.unit if descriptor is not None else "1"

    def policy(self, name: str) -> Any | None:
        return next((policy for policy in self.policies if policy.name == name), None)


def taken(
    configuration: Configuration, watch: Watch, faults: Faults, now: Callable[[], float]
) -> View:
    """What stands now."""
    memory = configuration.memory
    with watch.lock, memory.lock:
        register = watch.register
        return View(
            now=now(),
            written=memory.written,
            refused=memory.refused,
            refusals=list(memory.refusals),
            descriptors=dict(memory.descriptors),
            series=[some.copy() for some in memory.series.values()],
            policies=list(configuration.policies.values()),
            channels=dict(configuration.channels),
            dashboards=list(configuration.dashboards.values()),
            states=dict(register.states),
            open=list(register.open.values()),
            closed=list(register.closed),
            looked_at=register.at,
            fault=faults.current,
        )
