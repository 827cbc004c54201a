"""What Palier publishes: a small set of metrics, and their points of one minute. Pure.

| custom.googleapis.com/palier/… | kind       | value        | unit | labels                   |
|--------------------------------|------------|--------------|------|--------------------------|
| requests                       | CUMULATIVE | INT64        | 1    | service, version         |
| failures                       | CUMULATIVE | INT64        | 1    | service, version         |
| errors                         | CUMULATIVE | INT64        | 1    | service, version, code   |
| execution_time                 | CUMULATIVE | DISTRIBUTION | ms   | service, version         |
| retries                        | CUMULATIVE | INT64        | 1    | service, version         |
| memory                         | GAUGE      | DOUBLE       | 10^2.% | service, version       |
| consecutive_failures           | GAUGE      | INT64        | 1    | service, version         |
| stories                        | CUMULATIVE | INT64        | 1    | service, version         |
| words                          | CUMULATIVE | INT64        | 1    | service, version         |
| tokens                         | CUMULATIVE | INT64        | 1    | service, version, direction |
| cost                           | CUMULATIVE | DOUBLE       | {USD} | service, version        |
| faults                         | CUMULATIVE | INT64        | 1    | service, version, fault  |
| quality                        | GAUGE      | DOUBLE       | 1    | service, version, score  |
| first_piece                    | GAUGE      | DOUBLE       | ms   | service, version         |
| ratings                        | CUMULATIVE | INT64        | 1    | service, version         |
| stars                          | CUMULATIVE | INT64        | 1    | service, version         |
| rollout_percentage             | GAUGE      | DOUBLE       | %    | flag, version            |
| tick_heartbeat                 | GAUGE      | INT64        | 1    |                          |

The ones from `stories` to `stars` are of what the requests report; a minute in which nothing was
reported has no point of them. The application is the resource's `namespace`, the environment its
`job` (generic_task). A CUMULATIVE point covers its own minute and starts anew, 1 ms after the
minute before it ended: Cloud Monitoring asks for that at a reset.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from functions.metrics import names
from functions.metrics.measures import Measure
from functions.metrics.tally import Tally, merge_all
from functions.metrics.windows import MINUTE_SECONDS, Arm, Window, arms

PREFIX = "custom.googleapis.com/palier/"
GAUGE = "GAUGE"
CUMULATIVE = "CUMULATIVE"
INT64 = "INT64"
DOUBLE = "DOUBLE"
DISTRIBUTION = "DISTRIBUTION"
RESET_SECONDS = 0.001


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
    """Execution times (ms): how many, their mean and squared deviations, and their buckets."""

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
FAILURES = Metric(
    "failures", CUMULATIVE, INT64, "1", ARM, "Requests that failed by our or OpenAI's fault."
)
ERRORS = Metric(
    "errors", CUMULATIVE, INT64, "1", (*ARM, "code"), "Requests that ended in an error, by code."
)
EXECUTION_TIME = Metric(
    "execution_time", CUMULATIVE, DISTRIBUTION, "ms", ARM, "How long requests took."
)
RETRIES = Metric("retries", CUMULATIVE, INT64, "1", ARM, "Calls to OpenAI that were repeated.")
MEMORY = Metric(
    "memory", GAUGE, DOUBLE, "10^2.%", ARM, "The most memory in use, of the container's limit."
)
CONSECUTIVE_FAILURES = Metric(
    "consecutive_failures", GAUGE, INT64, "1", ARM, "Distinct users failing in a row."
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
ROLLOUT_PERCENTAGE = Metric(
    "rollout_percentage", GAUGE, DOUBLE, "%", ("flag", "version"), "Users given the new version."
)
TICK_HEARTBEAT = Metric(
    "tick_heartbeat", GAUGE, INT64, "1", (), "The control loop came to its end in this minute."
)
METRICS = (
    REQUESTS,
    FAILURES,
    ERRORS,
    EXECUTION_TIME,
    RETRIES,
    MEMORY,
    CONSECUTIVE_FAILURES,
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
    ROLLOUT_PERCENTAGE,
    TICK_HEARTBEAT,
)
DEFINITIONS = hashlib.sha256(repr(METRICS).encode()).hexdigest()[:16]
"""Changes whenever a definition does, so that descriptors are created again."""


MICRODOLLARS = 10**6


def _count(measure: Measure) -> int:
    return measure.count


def _sum(measure: Measure) -> int:
    return round(measure.sum)


def _mean(measure: Measure) -> float:
    return measure.mean or 0.0


def _dollars(measure: Measure) -> float:
    return measure.sum / MICRODOLLARS


@dataclass(frozen=True)
class _Published:
    """As what a measure is published: a metric, its own label, and the number it gives."""

    metric: Metric
    read: Callable[[Measure], int | float]
    labels: Mapping[str, str] = field(default_factory=dict)


OF_MEASURES: Mapping[str, tuple[_Published, ...]] = {
    names.WORDS: (_Published(STORIES, _count), _Published(WORDS, _sum)),
    names.INPUT_TOKENS: (_Published(TOKENS, _sum, {"direction": "input"}),),
    names.OUTPUT_TOKENS: (_Published(TOKENS, _sum, {"direction": "output"}),),
    names.COST: (_Published(COST, _dollars),),
    **{fault: (_Published(FAULTS, _sum, {"fault": fault}),) for fault in names.FAULTS},
    names.FIRST_PIECE: (_Published(FIRST_PIECE, _mean),),
    names.RATING: (_Published(RATINGS, _count), _Published(STARS, _sum)),
    names.SATISFIED: (_Published(SATISFIED, _sum),),
    names.COMPLAINED: (_Published(COMPLAINED, _sum),),
}


def published_as(measure: str) -> tuple[_Published, ...]:
    """What of a measure goes to Cloud Monitoring: nothing of one that isn't known there."""
    if measure.startswith(names.QUALITY):
        return (_Published(QUALITY, _mean, {"score": measure.removeprefix(names.QUALITY)}),)
    return OF_MEASURES.get(measure, ())


def points(windows: Iterable[Window], minute: int) -> list[Point]:
    """The points of the minute that starts at `minute`, from the windows of that minute."""
    inside = [window for window in windows if window.start == minute]
    found: list[Point] = []
    for arm in arms(inside):
        tally = merge_all(window.tally for window in inside if window.arm == arm)
        found += _of_arm(arm, tally, minute)
    return found


def readings(given: Sequence[Reading], minute: int) -> list[Point]:
    """Gauges as points at the end of a minute."""
    end = minute + MINUTE_SECONDS
    return [Point(one.metric, one.labels, None, end, one.value) for one in given]


def _of_arm(arm: Arm, tally: Tally, minute: int) -> list[Point]:
    labels = {"service": arm.service, "version": arm.version}
    start, end = minute + RESET_SECONDS, minute + MINUTE_SECONDS
    found: list[Point] = []
    if tally.requests:  # ratings come without any
        counters = ((REQUESTS, tally.requests), (FAILURES, tally.failures))
        for metric, count in (*counters, (RETRIES, tally.retries)):
            found.append(Point(metric, labels, start, end, count))
    for code, count in sorted(tally.errors.items()):
        found.append(Point(ERRORS, {**labels, "code": code}, start, end, count))
    if tally.served:
        found.append(Point(EXECUTION_TIME, labels, start, end, _distribution(tally)))
        found.append(Point(MEMORY, labels, None, end, tally.memory_max))
        run = tally.consecutive_failures
        found.append(Point(CONSECUTIVE_FAILURES, labels, None, end, run))
    for name, measure in sorted(tally.measures.items()):
        for one in published_as(name):
            since = start if one.metric.kind == CUMULATIVE else None
            value = one.read(measure)
            found.append(Point(one.metric, {**labels, **one.labels}, since, end, value))
    return found


def _distribution(tally: Tally) -> Distribution:
    count = sum(tally.buckets.values())
    mean = tally.duration_sum_ms / count
    deviation = tally.duration_squares_ms2 - tally.duration_sum_ms**2 / count
    return Distribution(count, mean, max(0.0, deviation), tally.buckets)
