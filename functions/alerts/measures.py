"""The value of a rule's metric in a tally, and whether it is too much. Pure.

Percentiles are decided from exact counters and shown from the histogram: the value shown never
contradicts the verdict.
"""

from __future__ import annotations

from dataclasses import dataclass

from functions.alerts import rule as metrics
from functions.alerts.rule import Rule
from functions.metrics.tally import Tally

TAIL = 0.05
"""The 95th percentile exceeds a threshold exactly when more than this share of requests does."""


@dataclass(frozen=True)
class Measurement:
    """A value, the verdict on it, and the sample it comes from."""

    value: float
    breached: bool
    requests: int = 0
    failures: int = 0


def measure(rule: Rule, tally: Tally) -> Measurement | None:
    """The rule's metric in a tally; None when the sample is too small to say."""
    if not tally.served or tally.served < rule.minimum_requests:
        return None
    value, breached = _verdict(rule, tally)
    return Measurement(value, breached, tally.served, tally.failures)


def _verdict(rule: Rule, tally: Tally) -> tuple[float, bool]:
    if rule.metric == metrics.EXECUTION_TIME:
        slow = tally.above_ms(round(rule.threshold))
        breached = slow > TAIL * tally.served
        return _shown(rule, tally.percentile_ms(1 - TAIL) or 0.0, breached), breached
    if rule.metric == metrics.RETRIES:
        breached = tally.retried_more_than(round(rule.threshold)) > TAIL * tally.served
        return _shown(rule, float(_retries_p95(tally)), breached), breached
    value = _plain_value(rule.metric, tally)
    return value, rule.breached(value)


def _plain_value(metric: str, tally: Tally) -> float:
    if metric == metrics.ERROR_RATE:
        return tally.failures / tally.served
    if metric == metrics.MEMORY:
        return tally.memory_max
    if metric == metrics.CONSECUTIVE_FAILURES:
        return float(tally.consecutive_failures)
    if metric == metrics.RETRIES_MAX:
        return float(tally.retries_max)
    raise ValueError(f"no tally holds {metric!r}")


def _retries_p95(tally: Tally) -> int:
    """The smallest number of retries that at most 5 % of the served requests exceed."""
    allowed = TAIL * tally.served
    return next(n for n in range(10**6) if tally.retried_more_than(n) <= allowed)


def _shown(rule: Rule, estimate: float, breached: bool) -> float:
    return max(estimate, rule.threshold + 1) if breached else min(estimate, rule.threshold)
