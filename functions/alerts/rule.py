"""What a rule says: which number of a version is too much, for how long, and what follows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

P1 = "P1"
P2 = "P2"
P3 = "P3"
SEVERITIES = (P1, P2, P3)
"""Most urgent first. In Cloud Console: CRITICAL, ERROR, WARNING."""

NOTIFY = "notify"
PAUSE = "pause"
ROLL_BACK = "roll_back"
ACTIONS = (NOTIFY, PAUSE, ROLL_BACK)
"""Weakest first. PAUSE and ROLL_BACK concern the rollout whose candidate the version is. Where
several rules fire the strongest acts, and all are recorded."""

ABOVE = ">"
BELOW = "<"

THRESHOLD = "threshold"
BASELINE = "baseline"
ABSENCE = "absence"
HANDED = "handed"
"""The kinds of rules. A baseline rule's value is how many times that of the last `baseline_days`
days at the same hour, of all versions of the service; an absence rule's is the seconds since
anything was measured of a service. A handed rule's value is computed by another room, which hands
it in: the publisher's delay, the rate at which an objective's budget burns."""

EXECUTION_TIME = "execution_time_p95_ms"
ERROR_RATE = "error_rate"
AVAILABILITY = "availability"
MEMORY = "memory"
CPU = "cpu"
CONCURRENCY = "concurrency"
REQUESTS_PER_SECOND = "requests_per_second"
PERFORMANCE_SCORE = "performance_score"
CONSECUTIVE_FAILURES = "consecutive_failures"
RETRIES = "retries_p95"
RETRIES_MAX = "retries_max"
OVERFLOW = "overflow"
PUBLISHING_LAG = "publishing_lag_seconds"
BURN_RATE = "burn_rate"

OWN_PAGE = "docs/runbooks/own-rules.md"
"""What to do about a rule that somebody made without a page of its own."""


@dataclass(frozen=True)
class Rule:
    """When a metric is too much, for how long, and what follows.

    metric                what is looked at (selectors.py)
    window_seconds        what the value is computed over
    for_seconds           how long it must be too much before the alert fires
    keep_firing_seconds   how long it must be well again before the alert resolves
    minimum_requests      with a smaller sample in the window there is no value
    service               whose versions it looks at; "" for all
    title                 by language, for rules of one's own
    page                  what to do, where that isn't in this repository's runbooks by its id
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
    comparison: str = ABOVE
    kind: str = THRESHOLD
    baseline_days: int = 0
    service: str = ""
    title: Mapping[str, str] = field(default_factory=dict)
    page: str = ""

    @property
    def runbook(self) -> str:
        """The page that says what to do."""
        return self.page or f"docs/runbooks/{self.id}.md"

    def breached(self, value: float) -> bool:
        """Whether a value is beyond the threshold, strictly."""
        return value > self.threshold if self.comparison == ABOVE else value < self.threshold
