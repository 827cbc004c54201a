"""The rule engine: from what was measured and the states before to the states now. Pure.

An alert exists per rule, service and version. How one comes and goes: `state.py`; what is measured
of it: `measures.py`. Here is what concerns them together: which alerts there are, who is muted, and
what has changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from functions.alerts.measures import PLAIN, Measured, Sources, measured
from functions.alerts.measures import Key as Key
from functions.alerts.rule import ACTIONS, HANDED, Rule
from functions.alerts.silence import Silence, silenced
from functions.alerts.state import FIRING as FIRING
from functions.alerts.state import INHIBITED as INHIBITED
from functions.alerts.state import NO_DATA as NO_DATA
from functions.alerts.state import OK as OK
from functions.alerts.state import PENDING as PENDING
from functions.alerts.state import RESOLVED as RESOLVED
from functions.alerts.state import SHOWN_SECONDS as SHOWN_SECONDS
from functions.alerts.state import SILENCED as SILENCED
from functions.alerts.state import State as State
from functions.alerts.state import changed, mute, step
from functions.metrics.windows import Window


@dataclass(frozen=True)
class Transition:
    """An alert changed its status, with the numbers that caused it."""

    rule: Rule
    before: State | None
    after: State

    @property
    def opens(self) -> bool:
        """It fires, and people are to know."""
        return self.after.shown == FIRING

    @property
    def closes(self) -> bool:
        """It was firing and no longer does: resolved, or nothing to measure any more."""
        return (
            self.before is not None and self.before.shown == FIRING and self.after.status != FIRING
        )


@dataclass(frozen=True)
class Evaluation:
    """The states of every arm seen, those that changed, and those whose rule is gone.

    rules   what was evaluated, by id
    """

    states: Mapping[Key, State]
    transitions: tuple[Transition, ...]
    gone: tuple[State, ...] = ()
    rules: Mapping[str, Rule] = field(default_factory=dict)

    def firing(self, service: str, version: str | None = None) -> list[State]:
        """The alerts that fire for a service, or one of its versions, most severe first: muted
        ones as well."""
        return sorted(
            (
                state
                for state in self._firing.get(service, ())
                if version in (None, state.key.version)
            ),
            key=lambda state: (state.severity, state.key),
        )

    @cached_property
    def _firing(self) -> Mapping[str, Sequence[State]]:
        """By service, in one pass over all: each running rollout asks for its own."""
        found: defaultdict[str, list[State]] = defaultdict(list)
        for state in self.states.values():
            if state.status == FIRING:
                found[state.key.service].append(state)
        return found

    def loud(self) -> list[State]:
        """The alerts that fire and that people are to know of, most severe first."""
        return sorted(
            (state for state in self.states.values() if state.shown == FIRING),
            key=lambda state: (state.severity, state.key),
        )


def look(
    rules: Iterable[Rule],
    windows: Sequence[Window],
    previous: Mapping[Key, State],
    now: float,
    *,
    sources: Sources = PLAIN,
    handed: Measured | None = None,
    silences: Iterable[Silence] = (),
    past: Sequence[Window] = (),
) -> Evaluation:
    """Measures every rule for every version that has windows, and evaluates.

    `past` are the minutes before those that `windows` tell of, for rules that look so far back.
    """
    rules = tuple(rules)
    found = {**measured(rules, windows, past, now, sources), **(handed or {})}
    return evaluate(rules, found, previous, now, silences)


def evaluate(
    rules: Iterable[Rule],
    measurements: Measured,
    previous: Mapping[Key, State],
    now: float,
    silences: Iterable[Silence] = (),
) -> Evaluation:
    """Every alert that was measured or that there was."""
    by_id = {rule.id: rule for rule in rules}
    asked = {key.rule for key in measurements}
    silences = tuple(silences)
    stepped: dict[Key, State] = {}
    gone: list[State] = []
    for key in sorted(measurements.keys() | previous.keys()):
        rule, before = by_id.get(key.rule), previous.get(key)
        if rule is None or rule.service not in ("", key.service):
            gone += [before] if before else []
        elif rule.kind == HANDED and key.rule not in asked and before:
            stepped[key] = before  # whoever knows it was not asked this time
        else:
            stepped[key] = step(rule, key, before, measurements.get(key), now)
    states = {key: _muted(by_id, stepped, state, silences, now) for key, state in stepped.items()}
    transitions = tuple(
        Transition(by_id[key.rule], previous.get(key), state)
        for key, state in states.items()
        if changed(previous.get(key), state)
    )
    return Evaluation(states, transitions, tuple(gone), by_id)


def strongest(states: Iterable[State], by_id: Mapping[str, Rule]) -> str | None:
    """The strongest action among the alerts that fire; None when nothing fires."""
    actions = {
        action
        for state in states
        if state.status == FIRING and state.key.rule in by_id
        for action in by_id[state.key.rule].actions
    }
    return max(actions, key=ACTIONS.index, default=None)


def _muted(
    by_id: Mapping[str, Rule],
    stepped: Mapping[Key, State],
    state: State,
    silences: Sequence[Silence],
    now: float,
) -> State:
    if state.status != FIRING:
        return mute(state, "")
    if silenced(silences, state.key, state.severity, now):
        return mute(state, SILENCED)
    rule = by_id[state.key.rule]
    for other in by_id.values():
        if other.metric == rule.metric and other.severity < rule.severity:
            found = stepped.get(state.key._replace(rule=other.id))
            if found and found.status == FIRING:
                return mute(state, INHIBITED)
    return mute(state, "")
