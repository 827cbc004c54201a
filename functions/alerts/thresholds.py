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

from functions.alerts.rule import (
    BURN_RATE,
    CONSECUTIVE_FAILURES,
    ERROR_RATE,
    EXECUTION_TIME,
    HANDED,
    MEMORY,
    NOTIFY,
    OVERFLOW,
    P1,
    P2,
    P3,
    PAUSE,
    PUBLISHING_LAG,
    RETRIES,
    Rule,
)


def _p1(name: str, metric: str, threshold: float, minimum: int, *actions: str) -> Rule:
    return Rule(f"p1-{name}", P1, metric, threshold, 60, 0, 120, minimum, actions)


def _p2(name: str, metric: str, threshold: float, minimum: int, window: int = 120) -> Rule:
    return Rule(f"p2-{name}", P2, metric, threshold, window, 60, 180, minimum, (NOTIFY,))


def _p3(name: str, metric: str, threshold: float, minimum: int, window: int = 180) -> Rule:
    return Rule(f"p3-{name}", P3, metric, threshold, window, 180, 300, minimum, (NOTIFY,))


MINUTE = 60
"""The window of what is a maximum: a longer one would only remember it, and so hold it for long
enough by itself."""


RULES: tuple[Rule, ...] = (
    _p1("execution-time", EXECUTION_TIME, 30_000, 20, NOTIFY, PAUSE),
    _p1("error-rate", ERROR_RATE, 0.05, 20, NOTIFY, PAUSE),
    _p1("memory", MEMORY, 0.80, 1, NOTIFY, PAUSE),
    Rule("p1-consecutive-failures", P1, CONSECUTIVE_FAILURES, 3, 180, 0, 120, 1, (NOTIFY,)),
    _p2("execution-time", EXECUTION_TIME, 20_000, 20),
    _p2("error-rate", ERROR_RATE, 0.02, 50),
    _p2("memory", MEMORY, 0.70, 1, MINUTE),
    _p2("retries", RETRIES, 2, 20),
    _p3("execution-time", EXECUTION_TIME, 15_000, 20),
    _p3("error-rate", ERROR_RATE, 0.01, 100),
    _p3("memory", MEMORY, 0.60, 1, MINUTE),
)

NAMES = Rule("too-many-names", P3, OVERFLOW, 0, 180, 0, 600, 0, (NOTIFY,))
"""There are more names or codes than are kept apart: some are counted as `other`."""

PUBLISHING = Rule(
    "publishing-behind", P2, PUBLISHING_LAG, 600, 60, 0, 120, 0, (NOTIFY,), kind=HANDED
)
"""Cloud Monitoring has not had a minute from us for ten: its policies no longer see anything."""


def _burning(severity: str, factor: float, hours: int, keep: int) -> Rule:
    name, window = f"{severity.lower()}-burn-rate", 3_600 * hours
    return Rule(name, severity, BURN_RATE, factor, window, 0, keep, 0, (NOTIFY,), kind=HANDED)


BURN_RATES: tuple[Rule, ...] = (
    _burning(P1, 14.4, 1, 300),
    _burning(P2, 6.0, 6, 1_800),
    _burning(P3, 1.0, 72, 21_600),
)
"""How many times as fast as allowed an objective's budget burns: objectives/burn.py."""

TICK_HEARTBEAT = "tick-heartbeat"
"""The id of the policy that only Cloud Console can hold: it fires when `tick` itself is silent."""

BUILT_IN: tuple[Rule, ...] = (*RULES, *BURN_RATES, NAMES, PUBLISHING)
BY_ID = {rule.id: rule for rule in BUILT_IN}
