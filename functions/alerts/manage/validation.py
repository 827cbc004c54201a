"""What a rule must be to be taken. Pure.

A threshold of a duration is a rung of the ladder, so that none is decided by an estimate. Windows
and durations are whole minutes, so that a policy in Cloud Console can say the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from functions.alerts import selectors
from functions.alerts.measures import of_services
from functions.alerts.rule import (
    ABOVE,
    ABSENCE,
    BASELINE,
    CONCURRENCY,
    CONSECUTIVE_FAILURES,
    HANDED,
    MEMORY,
    NOTIFY,
    OVERFLOW,
    RETRIES,
    RETRIES_MAX,
    Rule,
)
from functions.alerts.selectors import SHARE, TAILS
from functions.alerts.thresholds import BY_ID
from functions.metrics.hours import LONGEST_BASELINE_DAYS
from functions.metrics.ladder import LADDER_MS
from functions.metrics.tally import RETRIES_CAP

WINDOWS_SECONDS = (60, 120, 180, 300, 600, 900, 1_800, 3_600)
"""Up to 180 s a look sees slots of 10 s, beyond that minutes as well."""

LONGEST_FOR_SECONDS = 23 * 3600
LEAST_SILENCE_SECONDS = 30
MOST_SILENCE_SECONDS = 3_000

MAXIMA = (MEMORY, CONCURRENCY, RETRIES_MAX)
"""The largest of all that was seen: over hours it is another number than over minutes."""


@dataclass(frozen=True)
class Name:
    """A metric that somebody reports: of which service, "" for any, and whether of durations."""

    service: str = ""
    durations: bool = False


Names = Mapping[str, Name]


def problems(rule: Rule, names: Names) -> Iterator[str]:
    """What is wrong with a rule, a sentence each. `names` is what apps and functions report."""
    if rule.id in BY_ID:
        yield from _of_delivered(rule, BY_ID[rule.id])
    elif rule.kind == HANDED:
        yield "Only rules that are delivered have values of that kind."
    if rule.kind != HANDED:
        yield from _of_metric(rule, names)
        yield from _of_threshold(rule)
        yield from _of_window(rule)
    if rule.for_seconds % 60 or not 0 <= rule.for_seconds <= LONGEST_FOR_SECONDS:
        yield f"`for_seconds` is a multiple of 60, at most {LONGEST_FOR_SECONDS}."
    yield from _of_actions(rule)
    if rule.title and set(rule.title) != {"en", "fr"}:
        yield "A title is given in English and in French."


def _of_delivered(rule: Rule, delivered: Rule) -> Iterator[str]:
    for name in ("severity", "metric", "kind", "comparison", "service"):
        given, fixed = getattr(rule, name), getattr(delivered, name)
        if given != fixed:
            yield (
                f"The {name} of {rule.id} is {fixed or 'empty'}: what is delivered keeps it. "
                "Give another rule its own id."
            )
    if delivered.kind == HANDED and rule.window_seconds != delivered.window_seconds:
        yield f"The window of {rule.id} is {delivered.window_seconds} s and stays so."
    if delivered.kind == HANDED and rule.threshold <= 0:
        yield f"The threshold of {rule.id} is above 0: it would fire for ever."
    if delivered.kind == HANDED and rule.baseline_days:
        yield "Only a rule of the kind `baseline` has `baseline_days`."


def _of_metric(rule: Rule, names: Names) -> Iterator[str]:
    named = selectors.reported(rule.metric)
    if named is None:
        if rule.metric not in selectors.BUILT_IN:
            built_in = ", ".join(sorted(selectors.BUILT_IN))
            ways = ", ".join(f"NAME:{way}" for way in selectors.WAYS)
            yield f"There is no metric {rule.metric!r}. There are {built_in}; and {ways}."
        return
    name, way = named
    if name not in names:
        yield f"Nobody reports {name!r}: declare it first (PUT /v1/metrics/{name})."
        return
    if way in TAILS and not names[name].durations:
        yield f"{name!r} is no duration: it has a mean, a sum and a count, but no percentiles."


def _of_threshold(rule: Rule) -> Iterator[str]:
    if rule.kind == BASELINE:
        if rule.threshold <= 0:
            yield "A multiple of what is usual is above 0."
        if not 1 <= rule.baseline_days <= LONGEST_BASELINE_DAYS:
            yield f"What is usual is that of 1 to {LONGEST_BASELINE_DAYS} days."
        if rule.metric in (OVERFLOW, CONSECUTIVE_FAILURES):
            yield f"Nothing is usual for {rule.metric}."
        if rule.metric in MAXIMA:
            yield (
                f"{rule.metric} is a maximum, and that of a minute says nothing beside that of "
                "hours: compare it with a `threshold`."
            )
        return
    if rule.baseline_days:
        yield "Only a rule of the kind `baseline` has `baseline_days`."
    if rule.kind == ABSENCE:
        yield from _of_silence(rule)
    elif selectors.exact(rule.metric):
        yield from _of_duration(rule)
    elif selectors.counts(rule.metric):
        if rule.minimum_requests > rule.threshold:
            yield (
                f"With `minimum_requests` of {rule.minimum_requests} nothing is known of what "
                f"{rule.metric} is up to there: at most {rule.threshold:g} fits, 0 is usual."
            )
    elif rule.metric == RETRIES:
        if rule.comparison != ABOVE or rule.threshold not in range(RETRIES_CAP):
            yield f"Retries are compared with `>` and a whole number from 0 to {RETRIES_CAP - 1}."
    elif selectors.unit(rule.metric) == SHARE and not 0 <= rule.threshold <= 1:
        yield f"{rule.metric} is a share: its threshold is 0 to 1, so 0.05 stands for 5 %."


def _of_duration(rule: Rule) -> Iterator[str]:
    if rule.comparison != ABOVE:
        yield "A percentile of durations is compared with `>`."
    if rule.threshold not in LADDER_MS:
        rungs = ", ".join(map(str, LADDER_MS))
        yield f"Durations are compared exactly with {rungs} ms; {rule.threshold:g} is none."


def _of_silence(rule: Rule) -> Iterator[str]:
    if not rule.service:
        yield "Silence is that of a service: name the `service`."
    if rule.comparison != ABOVE:
        yield "Silence is compared with `>`."
    if not LEAST_SILENCE_SECONDS <= rule.threshold <= MOST_SILENCE_SECONDS:
        yield (
            f"Silence is seen from {LEAST_SILENCE_SECONDS} to {MOST_SILENCE_SECONDS} s; for more, "
            "say how long that must last (`for_seconds`)."
        )
    elif rule.threshold >= rule.window_seconds:
        yield "A longer silence than the window can't be seen in it."


def _of_window(rule: Rule) -> Iterator[str]:
    if rule.window_seconds not in WINDOWS_SECONDS:
        windows = ", ".join(map(str, WINDOWS_SECONDS))
        yield f"A window is {windows} s long; `for_seconds` says how long it must last."


def _of_actions(rule: Rule) -> Iterator[str]:
    if NOTIFY not in rule.actions:
        yield "Whatever else a rule does, people are told: its actions include `notify`."
    if rule.metric == CONSECUTIVE_FAILURES and rule.actions != (NOTIFY,):
        yield "Failures in a row happen by chance: that rule only notifies."
    if (rule.kind == HANDED or of_services(rule)) and rule.actions != (NOTIFY,):
        yield "What concerns a whole service only notifies: it is no version's fault."
