"""P1, P2 and P3: the one definition of what is too much. Pure.

From these rules come the bundle's own engine, the policies for Cloud Console and the runbooks. A
rule compares the value of a metric (`measures.py`) over its window with its threshold.

|    | execution time | errors | memory | other                                |
|----|----------------|--------|--------|--------------------------------------|
| P1 | > 30 s         | > 5 %  | > 80 % | > 3 consecutive failures             |
| P2 | > 20 s         | > 2 %  | > 70 % | > 2 retries                          |
| P3 | > 15 s         | > 1 %  | > 60 % |                                      |

Execution time is the 95th percentile: it exceeds a threshold exactly when more than 5 % of the
requests do, which is how it is decided, from exact counters. A TIMEOUT counts as above 30 s,
MEMORY_ERROR as all of the memory. Consecutive failures are those of distinct users, in the order
in which their requests ended; they notify and never change a split. Retries are those a request
needed, at the 95th percentile.
"""

from __future__ import annotations

from dataclasses import dataclass

P1 = "P1"
P2 = "P2"
P3 = "P3"
SEVERITIES = (P1, P2, P3)
"""Most urgent first. In Cloud Console: CRITICAL, ERROR, WARNING."""

NOTIFY = "notify"
HOLD = "hold"
ROLL_BACK = "roll_back"
ACTIONS = (NOTIFY, HOLD, ROLL_BACK)
"""Weakest first. HOLD: rollouts of the version don't advance while it fires. Where several rules
fire the strongest acts, and all are recorded."""

EXECUTION_TIME = "execution_time_p95_ms"
ERROR_RATE = "error_rate"
MEMORY = "memory"
CONSECUTIVE_FAILURES = "consecutive_failures"
RETRIES = "retries_p95"
RETRIES_MAX = "retries_max"
PUBLISHING_LAG = "publishing_lag_seconds"


@dataclass(frozen=True)
class Rule:
    """When a metric is too much, for how long, and what follows.

    window_seconds        what the value is computed over
    for_seconds           how long it must be too much before the alert fires
    keep_firing_seconds   how long it must be well again before the alert resolves
    minimum_requests      with fewer served requests in the window there is no value
    """

    id: str
    severity: str
    metric: str
    threshold: float
    window_seconds: int
    for_seconds: int
    keep_firing_seconds: int
    minimum_requests: int
    actions: tuple[str, ...]
    comparison: str = ">"

    @property
    def runbook(self) -> str:
        """The page that says what to do, in the repository."""
        return f"docs/runbooks/{self.id}.md"

    def breached(self, value: float) -> bool:
        """Whether a value is too much: strictly above the threshold."""
        return value > self.threshold


def _p1(name: str, metric: str, threshold: float, minimum: int, *actions: str) -> Rule:
    return Rule(f"p1-{name}", P1, metric, threshold, 60, 0, 120, minimum, actions)


def _p2(name: str, metric: str, threshold: float, minimum: int) -> Rule:
    return Rule(f"p2-{name}", P2, metric, threshold, 120, 60, 180, minimum, (NOTIFY,))


def _p3(name: str, metric: str, threshold: float, minimum: int) -> Rule:
    return Rule(f"p3-{name}", P3, metric, threshold, 180, 180, 300, minimum, (NOTIFY,))


RULES: tuple[Rule, ...] = (
    _p1("execution-time", EXECUTION_TIME, 30_000, 20, NOTIFY, HOLD),
    _p1("error-rate", ERROR_RATE, 0.05, 20, NOTIFY, HOLD),
    _p1("memory", MEMORY, 0.80, 1, NOTIFY, HOLD),
    Rule("p1-consecutive-failures", P1, CONSECUTIVE_FAILURES, 3, 180, 0, 120, 1, (NOTIFY,)),
    _p2("execution-time", EXECUTION_TIME, 20_000, 20),
    _p2("error-rate", ERROR_RATE, 0.02, 50),
    _p2("memory", MEMORY, 0.70, 1),
    _p2("retries", RETRIES, 2, 20),
    _p3("execution-time", EXECUTION_TIME, 15_000, 20),
    _p3("error-rate", ERROR_RATE, 0.01, 100),
    _p3("memory", MEMORY, 0.60, 1),
)

PUBLISHING = Rule("publishing-behind", P2, PUBLISHING_LAG, 600, 60, 0, 120, 0, (NOTIFY,))
"""Cloud Monitoring has not had a minute from us for ten: its policies no longer see anything."""

TICK_HEARTBEAT = "tick-heartbeat"
"""The id of the policy that only Cloud Console can hold: it fires when `tick` itself is silent."""

BY_ID = {rule.id: rule for rule in (*RULES, PUBLISHING)}
