"""What a rule may look at, by name, and its value in a tally. Pure.

    execution_time_p95_ms, error_rate, …       what Palier measures of every request (BUILT_IN)
    NAME:mean, NAME:sum, NAME:count            what requests and apps report, in its own unit
    NAME:p50, NAME:p95, NAME:p99               durations that they report (ms)

A percentile is shown from its histogram and decided from the exact counters above the rungs of the
ladder: `longer` says how many took longer than a threshold, of how many.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from functions.alerts import rule as metrics
from functions.metrics.measures import NAME
from functions.metrics.performance import Score, score
from functions.metrics.tally import Tally

TAIL = 0.05
TAILS: Mapping[str, float] = {"p50": 0.5, "p95": TAIL, "p99": 0.01}
"""A percentile exceeds a threshold exactly when more than this share does."""

MEAN = "mean"
SUM = "sum"
COUNT = "count"
WAYS = (MEAN, SUM, COUNT, *TAILS)
"""How what is reported becomes one number."""

SHARE = "share"
MILLISECONDS = "ms"
SECONDS = "s"
OWN = ""
"""Units. A share is 0 to 1 and shown in percent; OWN is the metric's own unit."""


@dataclass(frozen=True)
class Sample:
    """A value, how many it comes from, and of the exact kind how many were longer than asked."""

    value: float
    size: int
    longer: int | None = None


@dataclass(frozen=True)
class BuiltIn:
    """`read` gets what is known of one version in a window; None where nothing is."""

    unit: str
    english: str
    french: str
    read: Callable[[Tally, float, Score], float | None]
    best: float = 0.0
    """What is taken as usual at least, when it is compared with a baseline."""


def _availability(tally: Tally, _seconds: float, _by: Score) -> float | None:
    return None if tally.error_rate is None else 1.0 - tally.error_rate


def _consecutive(tally: Tally, _seconds: float, _by: Score) -> float | None:
    return float(tally.consecutive_failures)


BUILT_IN: Mapping[str, BuiltIn] = {
    metrics.EXECUTION_TIME: BuiltIn(
        MILLISECONDS,
        "execution time (95th percentile)",
        "temps d'exécution (95e percentile)",
        lambda tally, _seconds, _by: tally.percentile_ms(1 - TAIL),
        best=10.0,
    ),
    metrics.ERROR_RATE: BuiltIn(
        SHARE, "error rate", "taux d'erreur", lambda tally, _seconds, _by: tally.error_rate, 0.001
    ),
    metrics.AVAILABILITY: BuiltIn(SHARE, "availability", "disponibilité", _availability),
    metrics.MEMORY: BuiltIn(
        SHARE, "memory in use", "mémoire utilisée", lambda tally, _seconds, _by: tally.memory_max
    ),
    metrics.CPU: BuiltIn(
        SHARE, "CPU in use", "processeur utilisé", lambda tally, _seconds, _by: tally.cpu_mean
    ),
    metrics.CONCURRENCY: BuiltIn(
        OWN,
        "requests at once in an instance",
        "requêtes simultanées par instance",
        lambda tally, _seconds, _by: float(tally.concurrency_max),
    ),
    metrics.REQUESTS_PER_SECOND: BuiltIn(
        OWN,
        "requests a second",
        "requêtes par seconde",
        lambda tally, seconds, _by: tally.served / seconds,
    ),
    metrics.PERFORMANCE_SCORE: BuiltIn(
        OWN,
        "performance score",
        "score de performance",
        lambda tally, _seconds, by: score(tally, by),
    ),
    metrics.CONSECUTIVE_FAILURES: BuiltIn(
        OWN, "users failing in a row", "utilisateurs en échec d'affilée", _consecutive
    ),
    metrics.RETRIES: BuiltIn(
        OWN,
        "retries a request (95th percentile)",
        "reprises par requête (95e percentile)",
        lambda tally, _seconds, _by: float(_retries_p95(tally)),
    ),
    metrics.RETRIES_MAX: BuiltIn(
        OWN,
        "retries of one request",
        "reprises d'une requête",
        lambda tally, _seconds, _by: float(tally.retries_max),
    ),
    metrics.OVERFLOW: BuiltIn(
        OWN,
        "values counted as `other`",
        "valeurs comptées sous `other`",
        lambda tally, _seconds, _by: float(tally.overflow),
    ),
}


def known(metric: str) -> bool:
    """Whether a tally can hold it."""
    return metric in BUILT_IN or reported(metric) is not None


def reported(metric: str) -> tuple[str, str] | None:
    """The name and the way of a metric that is reported; None when it is none."""
    name, colon, way = metric.partition(":")
    if colon and way in WAYS and NAME.fullmatch(name):
        return name, way
    return None


def exact(metric: str) -> bool:
    """Whether it is a percentile of durations, whose threshold is a rung of the ladder."""
    named = reported(metric)
    return metric == metrics.EXECUTION_TIME or (named is not None and named[1] in TAILS)


def unit(metric: str) -> str:
    if metric in BUILT_IN:
        return BUILT_IN[metric].unit
    if metric == metrics.PUBLISHING_LAG:
        return SECONDS
    return MILLISECONDS if exact(metric) else OWN


def least_usual(metric: str) -> float:
    """What is taken as usual at least, so that a multiple of next to nothing is no alarm."""
    return BUILT_IN[metric].best if metric in BUILT_IN else 0.0


def volume(metric: str) -> bool:
    """Whether it says how much there was: what a version has of it depends on its share."""
    return metric == metrics.REQUESTS_PER_SECOND or amount(metric)


def amount(metric: str) -> bool:
    """Whether it adds up what is reported: twice as much in twice the time."""
    named = reported(metric)
    return named is not None and named[1] in (COUNT, SUM)


def counts(metric: str) -> bool:
    """Whether its value is the size of its sample."""
    named = reported(metric)
    return named is not None and named[1] == COUNT


def a_second(metric: str, value: float, seconds: float) -> float:
    """An amount over so many seconds, as what it comes to a second; what is none, as it is."""
    return value / seconds if amount(metric) else value


def sample(metric: str, tally: Tally, threshold: float, seconds: float, by: Score) -> Sample | None:
    """What a metric is in a tally of so many seconds; None when nothing was measured of it.

    `threshold` is for percentiles: when it is a rung, how many took longer is said exactly.
    """
    named = reported(metric)
    if named:
        return _of_reported(*named, tally, threshold)
    if metric == metrics.OVERFLOW:
        return Sample(float(tally.overflow), tally.overflow) if tally != _NOTHING else None
    if not tally.served:
        return None
    value = BUILT_IN[metric].read(tally, seconds, by)
    return None if value is None else Sample(value, tally.served, _longer(metric, tally, threshold))


_NOTHING = Tally()


def _of_reported(name: str, way: str, tally: Tally, threshold: float) -> Sample | None:
    if way in TAILS:
        timing = tally.timing(name)
        shown = timing.percentile_ms(1 - TAILS[way])
        above = timing.above.get(str(round(threshold)), 0)
        return None if shown is None else Sample(shown, timing.count, above)
    measure = tally.measure(name)
    if not measure.count:
        measure = tally.timing(name).values
    if not measure.count:
        return None
    values = {MEAN: measure.mean or 0.0, SUM: measure.sum, COUNT: float(measure.count)}
    return Sample(values[way], measure.count)


def _longer(metric: str, tally: Tally, threshold: float) -> int | None:
    if metric == metrics.EXECUTION_TIME:
        return tally.above.get(str(round(threshold)), 0)
    if metric == metrics.RETRIES:
        return tally.retried_more_than(round(threshold))
    return None


def tail(metric: str) -> float:
    """The share that may be beyond the threshold, of a percentile."""
    named = reported(metric)
    return TAILS[named[1]] if named and named[1] in TAILS else TAIL


def _retries_p95(tally: Tally) -> int:
    """The smallest number of retries that at most 5 % of the served requests exceed."""
    allowed = TAIL * tally.served
    return next(n for n in range(10**6) if tally.retried_more_than(n) <= allowed)
