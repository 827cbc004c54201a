"""What every rule measures, now or in a minute of the past, and whether it is too much. Pure.

The engine and what is told to Cloud Monitoring (`values.py`) both come from here, so they decide on
the same numbers. Percentiles are decided from exact counters and shown from the histogram: the
value shown never contradicts the verdict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple, ParamSpec

from functions import log
from functions.alerts import selectors
from functions.alerts.rule import ABSENCE, BASELINE, HANDED, ROLL_BACK, Rule
from functions.alerts.selectors import Sample
from functions.errors import StoreUnavailable
from functions.metrics.hours import ASIDE, Baseline
from functions.metrics.hours import kind as kind_of
from functions.metrics.performance import Score, score_of
from functions.metrics.tally import EMPTY, Tally, merge, merge_all
from functions.metrics.windows import Arm, Window, minute_start, slot_start

P = ParamSpec("P")

WHOLE = "all"
"""Stands for every version of a service, where a rule looks at the service."""

SHORT_SECONDS = 180
"""Windows up to this long are looked at in slots; longer ones in minutes as well."""

SETTLED_SECONDS = 120
"""A minute that began so long ago is summed up, and nothing more is expected of it."""

Baselines = Callable[[str, str, int, float], Baseline]
"""What was usual of a service, for one of its versions: in the hour of the day of a time (last),
over so many days before it."""


class Key(NamedTuple):
    """Whose alert, and whose value."""

    rule: str
    service: str
    version: str


@dataclass(frozen=True)
class Measurement:
    """A value, the verdict on it, and the sample it comes from.

    by_users   whether it would not be too much without what signed-in users report; asked only of
               rules that roll back
    """

    value: float
    breached: bool
    requests: int = 0
    failures: int = 0
    by_users: bool = False


Measured = Mapping[Key, Measurement | None]
"""Of every rule and version that was looked at; None where the sample is too small to say."""


def no_baseline(_service: str, _version: str, _days: int, _at: float) -> Baseline:
    return Baseline()


@dataclass(frozen=True)
class Sources:
    """What rules need beside the windows: how services are scored, and what is usual for them."""

    scores: Mapping[str, Score] = field(default_factory=dict)
    baselines: Baselines = no_baseline


PLAIN = Sources()
NOBODY = Arm("", "")


def settled_before(now: float) -> int:
    """Where minutes end and slots begin, for what looks at both."""
    return minute_start(now - SETTLED_SECONDS)


def measured(
    rules: Iterable[Rule],
    slots: Sequence[Window],
    past: Sequence[Window],
    now: float,
    sources: Sources = PLAIN,
) -> dict[Key, Measurement | None]:
    """Every rule on the slots of the last SHORT_SECONDS; those with longer windows on the slots
    since the last settled minute and the minutes before, `past`."""
    rules = [rule for rule in rules if rule.kind != HANDED]
    long = [rule for rule in rules if rule.window_seconds > SHORT_SECONDS]
    short = [rule for rule in rules if rule.window_seconds <= SHORT_SECONDS]
    found = measurements(short, slots, now, sources)
    if long:
        between = settled_before(now)
        whole = [slot for slot in slots if slot.start >= between]
        whole += [minute for minute in past if minute.start < between]
        found |= measurements(long, whole, now, sources)
    return found


def measurements(
    rules: Iterable[Rule], windows: Sequence[Window], end: float, sources: Sources = PLAIN
) -> dict[Key, Measurement | None]:
    """Every rule for every version that has windows, at `end` (epoch seconds).

    `windows` reach back at least as far as the longest window of the rules. What is handed in by
    other rooms is not here. A rule that can't be measured has no data, and takes no other with it.
    """
    rules = tuple(rule for rule in rules if rule.kind != HANDED)
    by_version = [rule for rule in rules if rule.kind != ABSENCE and not of_services(rule)]
    by_service = [rule for rule in rules if rule.kind != ABSENCE and of_services(rule)]
    attempts = _Attempts()
    found: dict[Key, Measurement | None] = {}
    for some, arm_of in ((by_version, _own), (by_service, _whole)):
        by_arm: defaultdict[Arm, list[Window]] = defaultdict(list)
        for window in windows if some else ():
            by_arm[arm_of(window)].append(window)
        lengths = sorted({rule.window_seconds for rule in some})
        for arm in sorted(by_arm):
            tallies = _tallies(lengths, by_arm[arm], end)
            for rule in some:
                if rule.service in ("", arm.service):
                    measuring = partial(measure, rule, tallies[rule.window_seconds])
                    found[Key(rule.id, *arm)] = attempts(rule, measuring, arm, end, sources)
    for rule in rules:
        if rule.kind == ABSENCE:
            of = [window for window in windows if window.service == rule.service]
            found[Key(rule.id, rule.service, WHOLE)] = attempts(rule, _absence, rule, of, end)
    return found


def of_services(rule: Rule) -> bool:
    """Whether it looks at services as a whole: how much a version has against the usual says only
    how large its share is. What is counted beside versions is apart: `all+claimed`."""
    return rule.kind == ABSENCE or (rule.kind == BASELINE and selectors.volume(rule.metric))


def measure(
    rule: Rule, tally: Tally, arm: Arm = NOBODY, end: float = 0.0, sources: Sources = PLAIN
) -> Measurement | None:
    """The rule's metric in a tally; None when the sample is too small to say."""
    found = _measured(rule, tally, arm, end, sources)
    named = selectors.reported(rule.metric)
    if not (found and found.breached and named and ROLL_BACK in rule.actions):
        return found
    if named[0] not in tally.by_users:
        return found
    without = _measured(rule, tally.without_users(named[0]), arm, end, sources)
    return replace(found, by_users=not (without and without.breached))


def _measured(
    rule: Rule, tally: Tally, arm: Arm, end: float, sources: Sources
) -> Measurement | None:
    by = score_of(arm.service, sources.scores)
    found = selectors.sample(rule.metric, tally, rule.threshold, rule.window_seconds, by)
    if found is None or found.size < rule.minimum_requests:
        return None
    if rule.kind == BASELINE:
        return _compared(rule, found, tally, arm, end, sources)
    if found.longer is None:
        breached, value = rule.breached(found.value), found.value
    else:
        breached = found.longer > selectors.tail(rule.metric) * found.size
        value = _shown(rule, found.value, breached)
    return Measurement(value, breached, found.size, tally.failures)


def _compared(
    rule: Rule, found: Sample, tally: Tally, arm: Arm, end: float, sources: Sources
) -> Measurement | None:
    """How many times what is usual. What is usual needs as large a sample as what is compared."""
    usual = sources.baselines(*arm, rule.baseline_days, end)
    if not usual.days:
        return None
    by = score_of(arm.service, sources.scores)
    before = selectors.sample(rule.metric, usual.tally, rule.threshold, usual.seconds, by)
    if before is None or before.size < max(1, rule.minimum_requests):
        return None
    least = selectors.least_usual(rule.metric)
    base = max(selectors.a_second(rule.metric, before.value, usual.seconds), least)
    if base <= 0:
        return None
    times = selectors.a_second(rule.metric, found.value, rule.window_seconds) / base
    return Measurement(times, rule.breached(times), found.size, tally.failures)


class _Attempts:
    """Each rule is measured on its own in a look; one that fails is told once."""

    def __init__(self) -> None:
        self._failed: set[str] = set()
        self._unavailable = False

    def __call__(
        self,
        rule: Rule,
        measuring: Callable[P, Measurement | None],
        *given: P.args,
        **named: P.kwargs,
    ) -> Measurement | None:
        """None, no data, of what can't be measured."""
        if self._unavailable and rule.kind == BASELINE:
            return None  # asked for each of them, Firestore would be waited for each time
        try:
            return measuring(*given, **named)
        except Exception as error:
            self._unavailable |= isinstance(error, StoreUnavailable)
            if rule.id not in self._failed:
                log.exception("rule_not_measured", error, rule=rule.id)
            self._failed.add(rule.id)
            return None


def _own(window: Window) -> Arm:
    return window.arm


def _whole(window: Window) -> Arm:
    """All versions of its service, or all that is counted beside them in the same way."""
    aside = kind_of(window.version)
    return Arm(window.service, f"{WHOLE}{ASIDE}{aside}" if aside else WHOLE)


def _absence(rule: Rule, windows: Sequence[Window], end: float) -> Measurement:
    """Seconds since anything was measured, at most as far back as the windows reach."""
    last = max((_last_seen(rule, window) for window in windows), default=0.0)
    silent = min(max(0.0, end - last), float(rule.window_seconds))
    return Measurement(silent, rule.breached(silent))


def _last_seen(rule: Rule, window: Window) -> float:
    named = selectors.reported(rule.metric)
    if named:
        there = window.tally.measure(named[0]).count or window.tally.timing(named[0]).count
        return float(window.end) if there else 0.0
    if window.tally.recent:
        return window.tally.recent[-1].at_ms / 1000
    return float(window.end) if window.tally.requests else 0.0  # clients' own mistakes alone


def _tallies(lengths: Sequence[int], windows: Iterable[Window], end: float) -> dict[int, Tally]:
    """What an arm did in each of the rules' windows, by its length; the short are in the long."""
    since = {seconds: slot_start(end - seconds) for seconds in lengths}
    parts: dict[int, list[Tally]] = {seconds: [] for seconds in lengths}
    for window in windows:
        for seconds in lengths:
            if window.start >= since[seconds]:
                parts[seconds].append(window.tally)
                break
    tallies: dict[int, Tally] = {}
    so_far = EMPTY
    for seconds in lengths:
        so_far = merge(merge_all(parts[seconds]), so_far)
        tallies[seconds] = so_far
    return tallies


def _shown(rule: Rule, estimate: float, breached: bool) -> float:
    return max(estimate, rule.threshold + 1) if breached else min(estimate, rule.threshold)
