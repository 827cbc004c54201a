"""The points of one minute, from its windows. Pure.

What requests report is published under names of its own where it is known (stories' measures), and
as a metric of an app where it is not. A minute in which nothing was reported has no point of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from functions.metrics import names, performance, series
from functions.metrics.measures import PARTS, Measure
from functions.metrics.performance import Score, score_of
from functions.metrics.series import CUMULATIVE, Distribution, Metric, Point, Reading
from functions.metrics.tally import Tally, merge_all
from functions.metrics.timings import Timing
from functions.metrics.windows import MINUTE_SECONDS, Arm, Window

RESET_SECONDS = 0.001
MICRODOLLARS = 10**6
TEST = "+test"
"""What the versions end in that tests of alerts make up: nobody shall see those in Cloud Console.
"""


def _count(measure: Measure) -> int:
    return measure.count


def _sum(measure: Measure) -> int:
    return round(measure.sum)


def _exact_sum(measure: Measure) -> float | None:
    """None below zero: a counter can't fall."""
    return measure.sum if measure.sum >= 0 else None


def _mean(measure: Measure) -> float:
    return measure.mean or 0.0


def _dollars(measure: Measure) -> float:
    return measure.sum / MICRODOLLARS


@dataclass(frozen=True)
class _Published:
    """As what a measure is published: a metric, its own label, and the number it gives."""

    metric: Metric
    read: Callable[[Measure], int | float | None]
    labels: Mapping[str, str] = field(default_factory=dict)


OF_MEASURES: Mapping[str, tuple[_Published, ...]] = {
    names.WORDS: (_Published(series.STORIES, _count), _Published(series.WORDS, _sum)),
    names.INPUT_TOKENS: (_Published(series.TOKENS, _sum, {"direction": "input"}),),
    names.OUTPUT_TOKENS: (_Published(series.TOKENS, _sum, {"direction": "output"}),),
    names.COST: (_Published(series.COST, _dollars),),
    **{fault: (_Published(series.FAULTS, _sum, {"fault": fault}),) for fault in names.FAULTS},
    names.FIRST_PIECE: (_Published(series.FIRST_PIECE, _mean),),
    names.RATING: (_Published(series.RATINGS, _count), _Published(series.STARS, _sum)),
    names.SATISFIED: (_Published(series.SATISFIED, _sum),),
    names.COMPLAINED: (_Published(series.COMPLAINED, _sum),),
}


def published_as(measure: str) -> tuple[_Published, ...]:
    """What of a measure goes to Cloud Monitoring."""
    if measure.startswith(names.QUALITY):
        return (_Published(series.QUALITY, _mean, {"score": measure.removeprefix(names.QUALITY)}),)
    if measure in OF_MEASURES:
        return OF_MEASURES[measure]
    label = {"metric": measure}
    return (
        _Published(series.APP_COUNT, _count, label),
        _Published(series.APP_SUM, _exact_sum, label),
        _Published(series.APP_VALUE, _mean, label),
    )


def of_minute(
    windows: Iterable[Window], minute: int, scores: Mapping[str, Score] | None = None
) -> list[Point]:
    """The points of the minute that starts at `minute`, from the windows of that minute.

    `scores` says how a service is scored where somebody decided (performance.score_of).
    """
    tallies: defaultdict[Arm, list[Tally]] = defaultdict(list)
    for window in windows:
        if window.start == minute and not window.version.endswith(TEST):
            tallies[window.arm].append(window.tally)
    return [
        point
        for arm, some in sorted(tallies.items())
        for point in _of_arm(arm, merge_all(some), minute, score_of(arm.service, scores or {}))
    ]


def of_readings(given: Sequence[Reading], minute: int) -> list[Point]:
    """Gauges as points at the end of a minute."""
    end = minute + MINUTE_SECONDS
    return [
        Point(one.metric, one.labels, None, end, one.value)
        for one in given
        if not one.labels.get("version", "").endswith(TEST)
    ]


def _of_arm(arm: Arm, tally: Tally, minute: int, by: Score) -> Iterator[Point]:
    arm_labels = {"service": arm.service, "version": arm.version}

    def point(
        metric: Metric, value: int | float | Distribution, labels: Mapping[str, str] | None = None
    ) -> Point:
        start = minute + RESET_SECONDS if metric.kind == CUMULATIVE else None
        end = minute + MINUTE_SECONDS
        return Point(metric, {**arm_labels, **(labels or {})}, start, end, value)

    for metric, number in _numbers(tally, by):
        if number is not None:
            yield point(metric, number)
    for code, count in sorted(tally.errors.items()):
        yield point(series.ERRORS, count, {"code": code})
    if tally.served:
        yield point(series.EXECUTION_TIME, _of_requests(tally))
    for name, measure in sorted(tally.measures.items()):
        for one in published_as(name):
            value = one.read(measure)
            if value is not None:
                yield point(one.metric, value, one.labels)
    for name, timing in sorted(tally.timings.items()):
        yield point(series.APP_TIME, _of_timing(timing), {"metric": name})


def _numbers(tally: Tally, by: Score) -> Iterator[tuple[Metric, int | float | None]]:
    """What a version has one of; None for what is not known of this minute."""
    if tally.requests:  # ratings come without any
        yield series.REQUESTS, tally.requests
        yield series.SERVED, tally.served
        yield series.FAILURES, tally.failures
        yield series.RETRIES, tally.retries
    if tally.served:
        yield series.MEMORY, tally.memory_max
        yield series.CPU, tally.cpu_mean
        yield series.CONCURRENCY, tally.concurrency_max or None
        yield series.CONSECUTIVE_FAILURES, tally.consecutive_failures
        yield series.PERFORMANCE_SCORE, performance.score(tally, by)
    yield series.OVERFLOW, tally.overflow or None


def _of_requests(tally: Tally) -> Distribution:
    count = sum(tally.buckets.values())
    mean = tally.duration_sum_ms / count
    deviation = tally.duration_squares_ms2 - tally.duration_sum_ms**2 / count
    return Distribution(count, mean, max(0.0, deviation), tally.buckets)


def _of_timing(timing: Timing) -> Distribution:
    values = timing.values
    mean = values.mean or 0.0
    deviation = values.squares * values.count - values.thousandths**2
    squared = deviation / (values.count * PARTS**2)
    return Distribution(values.count, mean, squared, timing.buckets)
