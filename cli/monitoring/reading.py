"""What Cloud Monitoring has of an environment, read with the credentials of who runs it."""

from __future__ import annotations

import random
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from cli.answer import Failed
from cli.monitoring.address import require_listening
from cli.monitoring.bill import Used
from cli.monitoring.readback import Arm, Compared, Identity, Value, compare, value_found
from cli.project import opened

if TYPE_CHECKING:
    from functions.documents import Scope, Store
    from functions.metrics.cloud_monitoring import CloudMonitoring
    from functions.metrics.series import Point
    from functions.metrics.windows import Window

MINUTE_SECONDS = 60
HOUR_SECONDS = 3600
CALL_SECONDS = 30.0


class ReadBack(NamedTuple):
    """How many minutes were compared, and what came of it."""

    minutes: int
    compared: Compared


@contextmanager
def sink(arguments: Namespace) -> Iterator[CloudMonitoring]:
    """What writes and reads points; trouble with it in a few words."""
    from functions.metrics.cloud_monitoring import CloudMonitoring, SinkUnavailable
    from functions.wiring import REGION

    if arguments.address:
        require_listening(arguments.address)
    try:
        yield CloudMonitoring(arguments.project, arguments.address, location=REGION)
    except SinkUnavailable as error:
        raise Failed(
            {
                "detail": f"Cloud Monitoring can't be reached: {error}",
                "remedy": "Check the project's name and the network, or run `gcloud auth "
                "application-default login`.",
            }
        ) from error


def read_back(arguments: Namespace) -> ReadBack:
    """Raises Failed."""
    from functions.documents import Scope
    from functions.metrics.publish import watermark

    scope = Scope(arguments.application, arguments.environment)
    with opened(arguments.project) as store, sink(arguments) as monitoring:
        last = watermark(store, scope)
        if last is None:
            return ReadBack(0, Compared())
        first = last - arguments.hours * HOUR_SECONDS + MINUTE_SECONDS
        everything = range(first, last + 1, MINUTE_SECONDS)
        chosen = random.sample(everything, min(arguments.minutes, len(everything)))
        compared = [_compared(store, monitoring, scope, minute) for minute in sorted(chosen)]
    return ReadBack(len(chosen), sum(compared, Compared()))


def used(arguments: Namespace) -> list[Used]:
    """Each metric in the last hours, those without points left out. Raises Failed."""
    from functions.documents import Scope
    from functions.metrics.series import DISTRIBUTION, METRICS

    scope = Scope(arguments.application, arguments.environment)
    now = time.time()
    found = []
    with sink(arguments) as monitoring:
        for metric in METRICS:
            until = time.monotonic() + CALL_SECONDS
            after = now - arguments.hours * HOUR_SECONDS
            series = monitoring.read(scope, metric, after, now, until)
            points = sum(len(one.points) for one in series)
            distribution = metric.value_type == DISTRIBUTION
            if points:
                found.append(Used(metric.name, len(series), points, distribution))
    return found


def _compared(store: Store, monitoring: CloudMonitoring, scope: Scope, minute: int) -> Compared:
    from functions.metrics.series import METRICS

    expected, whole, windows = _expected(store, scope, minute)
    asked = whole | {point.metric.type for point in expected}
    found: dict[Identity, Value] = {}
    end = minute + MINUTE_SECONDS
    for metric in METRICS:
        if metric.type not in asked:
            continue
        until = time.monotonic() + CALL_SECONDS
        for one in monitoring.read(scope, metric, end - 1, end, until):
            identity = (one.metric.type, tuple(sorted(one.metric.labels.items())))
            found[identity] = value_found(type(one).pb(one).points[0].value)
    return compare(minute, expected, found, _late(monitoring, scope, windows), whole)


def _late(monitoring: CloudMonitoring, scope: Scope, windows: list[Window]) -> set[Arm]:
    """The versions of which fewer requests were published in these minutes than there are."""
    from functions.metrics.series import REQUESTS

    if not windows:
        return set()
    stored: Counter[tuple[str, str, int]] = Counter()
    for window in windows:
        stored[window.service, window.version, window.end] += window.tally.requests
    until = time.monotonic() + CALL_SECONDS
    first, last = windows[0].start, windows[-1].end
    for one in monitoring.read(scope, REQUESTS, first, last, until):
        labels = one.metric.labels
        for point in type(one).pb(one).points:
            end = point.interval.end_time.ToSeconds()
            stored[labels["service"], labels["version"], end] -= point.value.int64_value
    return {(service, version) for (service, version, _), left in stored.items() if left > 0}


def _expected(
    store: Store, scope: Scope, minute: int
) -> tuple[list[Point], set[str], list[Window]]:
    """The points that a minute has, the types of the metrics that it has all points of, and the
    windows that it comes from.

    Gauges that only their moment knows, such as a rollout's percentage, can't be computed again.
    """
    from functions.alerts.defined import PARTS, defined
    from functions.alerts.measures import Sources
    from functions.alerts.rule import ABSENCE, THRESHOLD
    from functions.alerts.values import reach_seconds, values
    from functions.definitions import Definitions
    from functions.metrics import points, series
    from functions.metrics.hour_store import minutes_between

    known = defined(Definitions(store, *PARTS).of(scope))
    rules = [rule for rule in known.rules if rule.kind in (THRESHOLD, ABSENCE)]
    end = minute + MINUTE_SECONDS
    since = min(minute, end - reach_seconds(known.rules))
    windows = [each for page in minutes_between(store, scope, since, end) for each in page]
    expected = points.of_minute(windows, minute, known.scores)
    readings = values(rules, windows, end, Sources(known.scores))
    momentary = {series.ROLLOUT_PERCENTAGE, series.INCIDENTS_OPEN, series.DEAD_LETTERS}
    momentary |= {series.TICK_HEARTBEAT, series.RULE_VALUE}
    whole = {metric.type for metric in series.METRICS if metric not in momentary}
    return [*expected, *points.of_readings(readings, minute)], whole, windows
