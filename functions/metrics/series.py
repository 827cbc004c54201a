"""What Palier publishes: a small set of metrics, and what a point of them is. Pure.

| custom.googleapis.com/palier/… | kind       | value        | unit | labels                   |
|--------------------------------|------------|--------------|------|--------------------------|
| requests                       | CUMULATIVE | INT64        | 1    | service, version         |
| served                         | CUMULATIVE | INT64        | 1    | service, version         |
| failures                       | CUMULATIVE | INT64        | 1    | service, version         |
| errors                         | CUMULATIVE | INT64        | 1    | service, version, code   |
| execution_time                 | CUMULATIVE | DISTRIBUTION | ms   | service, version         |
| performance_score              | GAUGE      | DOUBLE       | 1    | service, version         |
| retries                        | CUMULATIVE | INT64        | 1    | service, version         |
| memory                         | GAUGE      | DOUBLE       | 10^2.% | service, version       |
| cpu                            | GAUGE      | DOUBLE       | 10^2.% | service, version       |
| concurrency                    | GAUGE      | INT64        | 1    | service, version         |
| consecutive_failures           | GAUGE      | INT64        | 1    | service, version         |
| overflow                       | CUMULATIVE | INT64        | 1    | service, version         |
| rule_value                     | GAUGE      | DOUBLE       | 1    | rule, service, version   |
| stories                        | CUMULATIVE | INT64        | 1    | service, version         |
| words                          | CUMULATIVE | INT64        | 1    | service, version         |
| tokens                         | CUMULATIVE | INT64        | 1    | service, version, direction |
| cost                           | CUMULATIVE | DOUBLE       | {USD} | service, version        |
| faults                         | CUMULATIVE | INT64        | 1    | service, version, fault  |
| quality                        | GAUGE      | DOUBLE       | 1    | service, version, score  |
| first_piece                    | GAUGE      | DOUBLE       | ms   | service, version         |
| ratings                        | CUMULATIVE | INT64        | 1    | service, version         |
| stars                          | CUMULATIVE | INT64        | 1    | service, version         |
| satisfied                      | CUMULATIVE | INT64        | 1    | service, version         |
| complained                     | CUMULATIVE | INT64        | 1    | service, version         |
| app_count                      | CUMULATIVE | INT64        | 1    | service, version, metric |
| app_sum                        | CUMULATIVE | DOUBLE       | 1    | service, version, metric |
| app_value                      | GAUGE      | DOUBLE       | 1    | service, version, metric |
| app_time                       | CUMULATIVE | DISTRIBUTION | ms   | service, version, metric |
| rollout_percentage             | GAUGE      | DOUBLE       | %    | flag, version            |
| incidents_open                 | GAUGE      | INT64        | 1    |                          |
| dead_letters                   | GAUGE      | INT64        | 1    |                          |
| tick_heartbeat                 | GAUGE      | INT64        | 1    |                          |

The application is the resource's `namespace`, the environment its `job` (generic_task). A
CUMULATIVE point covers its own minute and starts anew, 1 ms after the minute before it ended:
Cloud Monitoring asks for that at a reset. `points.py` makes the points of a minute.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

PREFIX = "custom.googleapis.com/palier/"
GAUGE = "GAUGE"
CUMULATIVE = "CUMULATIVE"
INT64 = "INT64"
DOUBLE = "DOUBLE"
DISTRIBUTION = "DISTRIBUTION"


@dataclass(frozen=True)
class Metric:
    """A metric as it is described to Cloud Monitoring."""

    name: str
    kind: str
    value_type: str
    unit: str
    labels: tuple[str, ...]
    description: str

    @property
    def type(self) -> str:
        return PREFIX + self.name


@dataclass(frozen=True)
class Distribution:
    """Durations (ms): how many, their mean and squared deviations, and their buckets."""

    count: int
    mean: float
    squared_deviation: float
    buckets: Mapping[int, int]


@dataclass(frozen=True)
class Point:
    """One point of one series. `start` is None for a gauge; times are epoch seconds."""

    metric: Metric
    labels: Mapping[str, str]
    start: float | None
    end: int
    value: int | float | Distribution

    @property
    def identity(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Which series of an environment it belongs to."""
        return self.metric.type, tuple(sorted(self.labels.items()))


@dataclass(frozen=True)
class Reading:
    """The value of a gauge now, from whoever knows it: a rollout its percentage."""

    metric: Metric
    value: int | float
    labels: Mapping[str, str] = field(default_factory=dict)


ARM = ("service", "version")
REQUESTS = Metric("requests", CUMULATIVE, INT64, "1", ARM, "Requests that ended.")
SERVED = Metric("served", CUMULATIVE, INT64, "1", ARM, "Requests but for clients' own mistakes.")
FAILURES = Metric(
    "failures", CUMULATIVE, INT64, "1", ARM, "Requests that failed by our or OpenAI's fault."
)
ERRORS = Metric(
    "errors", CUMULATIVE, INT64, "1", (*ARM, "code"), "Requests that ended in an error, by code."
)
EXECUTION_TIME = Metric(
    "execution_time", CUMULATIVE, DISTRIBUTION, "ms", ARM, "How long requests took."
)
PERFORMANCE_SCORE = Metric(
    "performance_score", GAUGE, DOUBLE, "1", ARM, "Apdex less what errors cost, 0 to 100."
)
RETRIES = Metric("retries", CUMULATIVE, INT64, "1", ARM, "Calls to OpenAI that were repeated.")
MEMORY = Metric(
    "memory", GAUGE, DOUBLE, "10^2.%", ARM, "The most memory in use, of the container's limit."
)
CPU = Metric(
    "cpu", GAUGE, DOUBLE, "10^2.%", ARM, "Mean share of the container's CPUs that was busy."
)
CONCURRENCY = Metric(
    "concurrency", GAUGE, INT64, "1", ARM, "The most requests on one instance at once."
)
CONSECUTIVE_FAILURES = Metric(
    "consecutive_failures", GAUGE, INT64, "1", ARM, "Distinct users failing in a row."
)
OVERFLOW = Metric(
    "overflow", CUMULATIVE, INT64, "1", ARM, "Counted as other: too many codes or names."
)
RULE_VALUE = Metric(
    "rule_value",
    GAUGE,
    DOUBLE,
    "1",
    ("rule", *ARM),
    "What an alert rule compares, over its window.",
)
STORIES = Metric("stories", CUMULATIVE, INT64, "1", ARM, "Stories that were written.")
WORDS = Metric("words", CUMULATIVE, INT64, "1", ARM, "Words of those stories.")
TOKENS = Metric(
    "tokens", CUMULATIVE, INT64, "1", (*ARM, "direction"), "Tokens billed, by direction."
)
COST = Metric("cost", CUMULATIVE, DOUBLE, "{USD}", ARM, "What the calls cost, by the price table.")
FAULTS = Metric(
    "faults", CUMULATIVE, INT64, "1", (*ARM, "fault"), "Answers that were no good, by fault."
)
QUALITY = Metric(
    "quality", GAUGE, DOUBLE, "1", (*ARM, "score"), "Mean sub-scores of the stories, 0 to 1."
)
FIRST_PIECE = Metric(
    "first_piece", GAUGE, DOUBLE, "ms", ARM, "Mean time until a stream told its first piece."
)
RATINGS = Metric("ratings", CUMULATIVE, INT64, "1", ARM, "Ratings by users.")
STARS = Metric("stars", CUMULATIVE, INT64, "1", ARM, "The stars of those ratings, added up.")
SATISFIED = Metric("satisfied", CUMULATIVE, INT64, "1", ARM, "Ratings of 4 or 5 stars.")
COMPLAINED = Metric("complained", CUMULATIVE, INT64, "1", ARM, "Ratings of 1 or 2 stars.")
APP = (*ARM, "metric")
APP_COUNT = Metric(
    "app_count", CUMULATIVE, INT64, "1", APP, "How often a metric of an app was reported."
)
APP_SUM = Metric("app_sum", CUMULATIVE, DOUBLE, "1", APP, "A metric of an app, added up.")
APP_VALUE = Metric("app_value", GAUGE, DOUBLE, "1", APP, "The mean of a metric of an app.")
APP_TIME = Metric("app_time", CUMULATIVE, DISTRIBUTION, "ms", APP, "Durations that apps report.")
ROLLOUT_PERCENTAGE = Metric(
    "rollout_percentage", GAUGE, DOUBLE, "%", ("flag", "version"), "Users given the new version."
)
INCIDENTS_OPEN = Metric("incidents_open", GAUGE, INT64, "1", (), "Incidents that are not resolved.")
DEAD_LETTERS = Metric(
    "dead_letters", GAUGE, INT64, "1", (), "Notifications that were given up undelivered."
)
TICK_HEARTBEAT = Metric(
    "tick_heartbeat", GAUGE, INT64, "1", (), "The control loop came to its end in this minute."
)
METRICS = (
    REQUESTS,
    SERVED,
    FAILURES,
    ERRORS,
    EXECUTION_TIME,
    PERFORMANCE_SCORE,
    RETRIES,
    MEMORY,
    CPU,
    CONCURRENCY,
    CONSECUTIVE_FAILURES,
    OVERFLOW,
    RULE_VALUE,
    STORIES,
    WORDS,
    TOKENS,
    COST,
    FAULTS,
    QUALITY,
    FIRST_PIECE,
    RATINGS,
    STARS,
    SATISFIED,
    COMPLAINED,
    APP_COUNT,
    APP_SUM,
    APP_VALUE,
    APP_TIME,
    ROLLOUT_PERCENTAGE,
    INCIDENTS_OPEN,
    DEAD_LETTERS,
    TICK_HEARTBEAT,
)
DEFINITIONS = hashlib.sha256(repr(METRICS).encode()).hexdigest()[:16]
"""Changes whenever a definition does, so that descriptors are created again."""
