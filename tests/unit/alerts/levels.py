"""For each of the eleven thresholds: a minute of requests that is well, one just at the threshold,
and one just above it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from functions.alerts.rule import CONSECUTIVE_FAILURES, ERROR_RATE, EXECUTION_TIME, MEMORY, Rule
from functions.alerts.thresholds import RULES
from functions.metrics import tally
from functions.metrics.observation import Observation
from functions.metrics.tally import Tally


class Levels(NamedTuple):
    well: Tally
    at: Tally
    above: Tally


def served(number: int, *, at: float, first: int = 0, **changes: object) -> Tally:
    """So many requests of as many users, one after the other."""
    values: dict[str, object] = {"duration_ms": 100.0, "code": "OK", "cause": "none", **changes}
    return tally.merge_all(
        tally.of(
            Observation("stories", "1.3.0", 3, at + n / 10, user_hash=f"{n:016x}", **values)  # type: ignore[arg-type]
        )
        for n in range(first, first + number)
    )


def mixed(at: float, number: int, bad: int, **changes: object) -> Tally:
    """The bad ones come last."""
    good = served(number - bad, at=at)
    return tally.merge(good, served(bad, at=at, first=number - bad, **changes)) if bad else good


def failing(at: float, number: int, bad: int) -> Tally:
    return mixed(at, number, bad, code="OPENAI_ERROR", cause="candidate")


def levels(rule: Rule, at: float) -> Levels:
    """Of a hundred requests, where a share decides."""
    return _LEVELS[rule.metric](rule, at)


def _errors(rule: Rule, at: float) -> Levels:
    limit = round(100 * rule.threshold)
    return Levels(failing(at, 100, 0), failing(at, 100, limit), failing(at, 100, limit + 1))


def _slow(rule: Rule, at: float) -> Levels:
    late = rule.threshold + 1
    return Levels(served(100, at=at), *(mixed(at, 100, n, duration_ms=late) for n in (5, 6)))


def _memory(rule: Rule, at: float) -> Levels:
    shares = (0.1, rule.threshold, rule.threshold + 0.001)
    return Levels(*(served(100, at=at, memory=share) for share in shares))


def _retried(rule: Rule, at: float) -> Levels:
    more = round(rule.threshold) + 1
    return Levels(served(100, at=at), *(mixed(at, 100, n, retries=more) for n in (5, 6)))


def _in_a_row(rule: Rule, at: float) -> Levels:
    limit = round(rule.threshold)
    return Levels(failing(at, 100, 0), failing(at, 100, limit), failing(at, 100, limit + 1))


_LEVELS: Mapping[str, Callable[[Rule, float], Levels]] = {
    ERROR_RATE: _errors,
    EXECUTION_TIME: _slow,
    MEMORY: _memory,
    "retries_p95": _retried,
    CONSECUTIVE_FAILURES: _in_a_row,
}
assert {rule.metric for rule in RULES} == set(_LEVELS)
