"""Durations that are reported by name, as the execution times of requests are kept. Pure.

Each has its sum to the microsecond, buckets for percentiles, and exact counters above every rung
of the ladder, so that a rule on a duration is decided exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.metrics import histogram, labels, ladder, measures
from functions.metrics.measures import NONE, Measure

NAMES_CAP = 20
LONGEST_MS = 1e9
"""Eleven days: what is longer can't be kept."""


@dataclass(frozen=True)
class Timing:
    """`values` in milliseconds; `buckets` of histogram.py; `above` of ladder.py."""

    values: Measure = NONE
    buckets: Mapping[int, int] = field(default_factory=dict)
    above: ladder.Above = field(default_factory=dict)

    @property
    def count(self) -> int:
        return self.values.count

    @property
    def mean_ms(self) -> float | None:
        return self.values.mean

    def percentile_ms(self, share: float) -> float | None:
        """The duration that `share` of them do not exceed (histogram.percentile)."""
        return histogram.percentile(self.buckets, share)

    def above_ms(self, rung_ms: int) -> int:
        """How many took longer than a rung of LADDER_MS, exactly."""
        return ladder.longer_than(self.above, rung_ms)

    def to_document(self) -> dict[str, Any]:
        return {
            "values": self.values.to_text(),
            "buckets": {str(bucket): count for bucket, count in sorted(self.buckets.items())},
            "above": dict(sorted(self.above.items())),
        }

    @staticmethod
    def from_document(document: Mapping[str, Any]) -> Timing:
        """What `to_document` wrote."""
        return Timing(
            Measure.from_text(document["values"]),
            {int(bucket): count for bucket, count in document["buckets"].items()},
            document["above"],
        )


Timings = Mapping[str, Timing]
NO_TIMING = Timing()


def checked(durations: Mapping[str, float]) -> Mapping[str, float]:
    """The durations (ms). Raises ValueError for a name or a number that can't be kept."""
    if len(durations) > NAMES_CAP:
        raise ValueError(f"{len(durations)} durations; at most {NAMES_CAP}")
    for name, duration in durations.items():
        measures.checked_name(name)
        if not (math.isfinite(duration) and 0 <= duration <= LONGEST_MS):
            raise ValueError(f"the duration {name} is not a number of ms from 0 to 1e9")
    return durations


def of(durations: Mapping[str, float]) -> dict[str, Timing]:
    """One duration (ms) each."""
    values = measures.of(durations)
    return {
        name: Timing(values[name], {histogram.index(duration): 1}, ladder.of(duration))
        for name, duration in durations.items()
    }


def merge(first: Timings, second: Timings) -> Timings:
    """Both together. Beyond NAMES_CAP names durations go to `other`."""
    if not first or not second:
        return first or second
    merged = {**first}
    for name, timing in second.items():
        merged[name] = _add(merged[name], timing) if name in merged else timing
    return labels.capped(merged, NAMES_CAP, labels.OTHER, _add)


def _add(first: Timing, second: Timing) -> Timing:
    above = dict(first.above)
    for rung, count in second.above.items():
        above[rung] = above.get(rung, 0) + count
    return Timing(
        measures.add(first.values, second.values),
        histogram.merge(first.buckets, second.buckets),
        above,
    )
