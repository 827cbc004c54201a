"""What Palier measures of every service by itself, and a plan may name like a measure. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from functions.metrics.measures import Known

AVAILABILITY, PERFORMANCE, P95, HEALTH = "availability", "performance_score", "p95_ms", "health"

OWN: Mapping[str, Known] = MappingProxyType(
    {
        AVAILABILITY: Known("0 to 1", "higher", "the share of requests that were answered"),
        PERFORMANCE: Known("0 to 100", "higher", "how fast and how well requests ended"),
        P95: Known("ms", "lower", "the time that 95 % of the requests do not exceed"),
        HEALTH: Known("0 to 1", "higher", "the share of health checks that went well"),
    }
)

LARGEST: Mapping[str, float] = MappingProxyType(
    {AVAILABILITY: 1.0, PERFORMANCE: 100.0, HEALTH: 1.0}
)
"""The best that each can be, but for durations."""

DEMANDABLE = frozenset({AVAILABILITY, PERFORMANCE})
"""What may be demanded before a stage advances, too."""

PROBED = frozenset({HEALTH})
"""What is measured only of services with an address for health checks."""
