"""The value of every rule at the end of a closed minute, for Cloud Monitoring. Pure.

Policies in Cloud Console are thresholds on these values, so that they decide on the numbers that
the engine decides on, whatever kind of rule it is. A rule without a value has no point: its sample
was too small.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from functions.alerts.measures import PLAIN, Measured, Sources, measurements
from functions.alerts.rule import HANDED, Rule
from functions.metrics.series import RULE_VALUE, Reading
from functions.metrics.windows import Window


def values(
    rules: Iterable[Rule], minutes: Sequence[Window], end: int, sources: Sources = PLAIN
) -> list[Reading]:
    """What each rule measured of each version over its window up to `end` (epoch seconds).

    `minutes` reach back as far as `reach_seconds` says. Any minute of the past gives what it gave
    then.
    """
    closed = [window for window in minutes if window.end <= end]
    return readings(measurements(rules, closed, end, sources))


def readings(measured: Measured) -> list[Reading]:
    """What was measured, as it is published; nothing where the sample was too small to say."""
    return [
        Reading(RULE_VALUE, found.value, key._asdict())
        for key, found in measured.items()
        if found is not None
    ]


def reach_seconds(rules: Iterable[Rule]) -> int:
    """How far back from a minute's end its values look."""
    return max((rule.window_seconds for rule in rules if rule.kind != HANDED), default=0)
