"""The rule engine: from windows and the states before to the states now. Pure.

An alert exists per rule, service and version. Its status:

    ok ──too much──▶ pending ──for──▶ firing ──well for keep_firing──▶ resolved ──an hour──▶ ok
     ▲                  │               │
     └──────well────────┘               └──no data for keep_firing──▶ no_data

A sample that is too small is no data and never silently well: pending goes back to no_data at
once, firing goes on for keep_firing_seconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from functions.alerts.measures import Measurement, measure
from functions.alerts.rule import ACTIONS, Rule
from functions.metrics.tally import Tally
from functions.metrics.windows import Arm, Window, slot_start, total

OK = "ok"
PENDING = "pending"
FIRING = "firing"
RESOLVED = "resolved"
NO_DATA = "no_data"

SHOWN_SECONDS = 3600
"""How long `resolved` stays to be seen before it is `ok`."""


class Key(NamedTuple):
    """Whose alert."""

    rule: str
    service: str
    version: str


@dataclass(frozen=True)
class State:
    """An alert as it stands.

    since        when it came into this status (epoch seconds)
    quiet_since  while firing: since when it is no longer too much, or unknown
    value        what was measured when it came into this status; requests and failures: the sample
    """

    key: Key
    severity: str
    status: str
    since: float
    threshold: float
    quiet_since: float | None = None
    value: float | None = None
    requests: int = 0
    failures: int = 0


@dataclass(frozen=True)
class Transition:
    """An alert changed its status, with the numbers that caused it."""

    rule: Rule
    before: State | None
    after: State

    @property
    def opens(self) -> bool:
        return self.after.status == FIRING

    @property
    def closes(self) -> bool:
        """It was firing and no longer does: resolved, or nothing to measure any more."""
        return self.before is not None and self.before.status == FIRING and not self.opens


@dataclass(frozen=True)
class Evaluation:
    """The states of every arm seen, and those that changed their status."""

    states: Mapping[Key, State]
    transitions: tuple[Transition, ...]

    def firing(self, service: str, version: str | None = None) -> list[State]:
        """The alerts that fire for a service, or one of its versions, most severe first."""
        return sorted(
            (
                state
                for state in self.states.values()
                if state.status == FIRING
                and state.key.service == service
                and version in (None, state.key.version)
            ),
            key=lambda state: (state.severity, state.key),
        )


def evaluate(
    rules: Iterable[Rule],
    windows: Sequence[Window],
    previous: Mapping[Key, State],
    now: float,
) -> Evaluation:
    """Every rule for every version that has windows or an alert.

    `windows` reach back at least as far as the longest window of the rules.
    """
    rules = tuple(rules)
    by_arm: defaultdict[Arm, list[Window]] = defaultdict(list)
    for window in windows:
        by_arm[window.arm].append(window)
    states: dict[Key, State] = {}
    transitions: list[Transition] = []
    for arm in _arms(rules, by_arm, previous):
        tallies = _tallies(rules, by_arm.get(arm, []), arm, now)
        for rule in rules:
            key = Key(rule.id, *arm)
            before = previous.get(key)
            after = step(rule, key, before, measure(rule, tallies[rule.window_seconds]), now)
            states[key] = after
            if changed(before, after):
                transitions.append(Transition(rule, before, after))
    return Evaluation(states, tuple(transitions))


def changed(before: State | None, after: State) -> bool:
    """Whether the status changed. An alert that nobody has seen yet was well, or unmeasured."""
    if before is None:
        return after.status not in (OK, NO_DATA)
    return before.status != after.status


def step(
    rule: Rule, key: Key, before: State | None, measurement: Measurement | None, now: float
) -> State:
    """One alert after one measurement; the same object when nothing of it changed."""
    if measurement is None:
        return _without_data(rule, key, before, now)
    if measurement.breached:
        return _breached(rule, key, before, measurement, now)
    return _well(rule, key, before, measurement, now)


def strongest(states: Iterable[State], by_id: Mapping[str, Rule]) -> str | None:
    """The strongest action among the alerts that fire; None when nothing fires."""
    actions = {
        action
        for state in states
        if state.status == FIRING and state.key.rule in by_id
        for action in by_id[state.key.rule].actions
    }
    return max(actions, key=ACTIONS.index, default=None)


def _breached(
    rule: Rule, key: Key, before: State | None, measurement: Measurement, now: float
) -> State:
    if before and before.status == FIRING:
        return before if before.quiet_since is None else replace(before, quiet_since=None)
    if before and before.status == PENDING:
        held = now - before.since >= rule.for_seconds
        return _enter(rule, key, FIRING, measurement, now) if held else before
    status = PENDING if rule.for_seconds else FIRING
    return _enter(rule, key, status, measurement, now)


def _well(
    rule: Rule, key: Key, before: State | None, measurement: Measurement, now: float
) -> State:
    if before and before.status == FIRING:
        return _cooling(rule, before, _enter(rule, key, RESOLVED, measurement, now), now)
    if before and before.status == RESOLVED and now - before.since < SHOWN_SECONDS:
        return before
    if before and before.status == OK:
        return before
    return _enter(rule, key, OK, measurement, now)


def _without_data(rule: Rule, key: Key, before: State | None, now: float) -> State:
    gone = _enter(rule, key, NO_DATA, None, now)
    if before and before.status == FIRING:
        return _cooling(rule, before, gone, now)
    if before and before.status == RESOLVED and now - before.since < SHOWN_SECONDS:
        return before
    if before and before.status == NO_DATA:
        return before
    return gone


def _cooling(rule: Rule, before: State, then: State, now: float) -> State:
    """Firing goes on until it was quiet for keep_firing_seconds."""
    since = now if before.quiet_since is None else before.quiet_since
    if now - since >= rule.keep_firing_seconds:
        return then
    return before if since == before.quiet_since else replace(before, quiet_since=since)


def _enter(rule: Rule, key: Key, status: str, measurement: Measurement | None, now: float) -> State:
    return State(
        key=key,
        severity=rule.severity,
        status=status,
        since=now,
        threshold=rule.threshold,
        value=measurement.value if measurement else None,
        requests=measurement.requests if measurement else 0,
        failures=measurement.failures if measurement else 0,
    )


def _arms(
    rules: Sequence[Rule], measured: Iterable[Arm], previous: Mapping[Key, State]
) -> list[Arm]:
    ids = {rule.id for rule in rules}
    known = {Arm(key.service, key.version) for key in previous if key.rule in ids}
    return sorted(known | set(measured))


def _tallies(
    rules: Sequence[Rule], windows: Sequence[Window], arm: Arm, now: float
) -> dict[int, Tally]:
    """What an arm did in each of the rules' windows, by its length."""
    lengths = {rule.window_seconds for rule in rules}
    return {seconds: total(windows, *arm, since=slot_start(now - seconds)) for seconds in lengths}
