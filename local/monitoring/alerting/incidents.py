"""Incidents: what opens when a policy is met, and closes when it is well again.

    the policy is met ──▶ open ──┬─ its series is no longer beyond the threshold ─▶ closed
                                 ├─ no data for the policy's auto_close ──────────▶ closed
                                 └─ the policy is changed, switched off or deleted ▶ closed

With the combiner OR each series has an incident of its own; with AND the policy has one; with
AND_WITH_MATCHING_RESOURCE each resource for which all conditions hold has one.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from google.cloud import monitoring_v3

from local.monitoring.alerting import conditions, strategy
from local.monitoring.alerting.conditions import Outcome, Reading
from local.monitoring.alerting.selection import Labels
from local.monitoring.memory import Series

KEPT = 500

Combiner = monitoring_v3.AlertPolicy.ConditionCombinerType

WELL = "it is no longer beyond the threshold"
BACK = "data arrives again"
NO_DATA = "no data for as long as the policy waits"
CHANGED = "the policy was changed, switched off or deleted"


class Key(NamedTuple):
    """What an incident is about: a policy, one of its conditions ("" for all), and labels."""

    policy: str
    condition: str
    labels: Labels


@dataclass(frozen=True)
class Incident:
    """Times are epoch seconds; `closed` is None while it is open.

    value      what was compared when it opened; of an absence the seconds without data
    told       the channels that were told of its opening
    data_at    when the series last had data
    revision   which version of the policy it belongs to
    """

    key: Key
    id: str
    opened: float
    value: float | None
    told: tuple[str, ...]
    data_at: float
    revision: int
    closed: float | None = None
    reason: str = ""
    told_of_closing: tuple[str, ...] = ()


@dataclass(frozen=True)
class State:
    """A policy at a time: what each of its conditions says, and whether an incident is due."""

    policy: Any
    at: float
    outcomes: tuple[Outcome, ...]
    met: bool

    @property
    def readings(self) -> list[Reading]:
        return [reading for outcome in self.outcomes for reading in outcome.readings]


class Register:
    """The incidents of a project, as the policies were looked at, time after time."""

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self.open: dict[Key, Incident] = {}
        self.closed: deque[Incident] = deque(maxlen=KEPT)
        self.at: float | None = None

    def look(self, policies: Sequence[Any], series: Sequence[Series], at: float) -> list[Incident]:
        """Evaluates every policy as of a time; what closed and what opened, in that order.

        So an incident of a policy that was changed closes, and another one opens at once if the
        policy is met as it is now.
        """
        enabled = {policy.name: policy for policy in policies if policy.enabled.value}
        self.at = at
        self.states = {name: evaluate(policy, series, at) for name, policy in enabled.items()}
        after = [self._after(incident, at) for incident in list(self.open.values())]
        closed = [incident for incident in after if incident.closed is not None]
        for one in closed:
            del self.open[one.key]
            self.closed.append(one)
        opened = [one for state in self.states.values() for one in self._opened(state)]
        return [*closed, *opened]

    def _opened(self, state: State) -> list[Incident]:
        made = []
        for key, value in _due(state).items():
            if key not in self.open:
                channels = tuple(state.policy.notification_channels)
                revision = _revision(state.policy)
                identity = hashlib.sha256(repr((key, state.at)).encode()).hexdigest()[:12]
                one = Incident(key, identity, state.at, value, channels, state.at, revision)
                self.open[key] = one
                made.append(one)
        return made

    def _after(self, incident: Incident, at: float) -> Incident:
        """An open incident after this look: closed, or with the time of its latest data."""
        state = self.states.get(incident.key.policy)
        if state is None or _revision(state.policy) != incident.revision:
            return replace(incident, closed=at, reason=CHANGED)
        going = state.policy.alert_strategy
        told = incident.told if strategy.tells_of_closing(going) else ()
        readings = _about(state, incident.key)
        if readings and all(reading.breached is False for reading in readings):
            reason = BACK if _is_absence(state, incident.key) else WELL
            return replace(incident, closed=at, reason=reason, told_of_closing=told)
        if any(reading.breached is not None for reading in readings):
            incident = replace(incident, data_at=at)
            self.open[incident.key] = incident
        elif at - incident.data_at >= strategy.auto_close_seconds(going):
            return replace(incident, closed=at, reason=NO_DATA, told_of_closing=told)
        return incident


def evaluate(policy: Any, series: Iterable[Series], at: float) -> State:
    """A policy, as a client has it or as it is stored, as of a time (epoch seconds)."""
    if isinstance(policy, monitoring_v3.AlertPolicy):
        policy = monitoring_v3.AlertPolicy.pb(policy)
    series = list(series)
    outcomes = tuple(conditions.evaluate(one, series, at) for one in policy.conditions)
    if policy.combiner == Combiner.OR:
        met = any(outcome.met for outcome in outcomes)
    elif policy.combiner == Combiner.AND:
        met = all(outcome.met for outcome in outcomes)
    else:
        met = bool(_common(outcomes))
    return State(policy, at, outcomes, met)


def _due(state: State) -> Mapping[Key, float | None]:
    """What an incident should be open for, with its value."""
    if not state.met:
        return {}
    name = state.policy.name
    if state.policy.combiner == Combiner.AND:
        return {Key(name, "", ()): _first(state.outcomes, ())}
    if state.policy.combiner == Combiner.AND_WITH_MATCHING_RESOURCE:
        return {
            Key(name, "", labels): _first(state.outcomes, labels)
            for labels in _common(state.outcomes)
        }
    return {
        Key(name, condition.name, reading.labels): reading.value
        for condition, outcome in zip(state.policy.conditions, state.outcomes, strict=True)
        if outcome.met
        for reading in outcome.readings
        if reading.holds
    }


def _about(state: State, key: Key) -> list[Reading]:
    """The readings that decide whether an incident goes on: of one condition the series' own.

    Of all conditions together it goes on while each of them has one that is beyond its threshold;
    so the condition that is well, if there is one, decides.
    """
    if key.condition:
        place = [condition.name for condition in state.policy.conditions].index(key.condition)
        readings = state.outcomes[place].readings
        return [reading for reading in readings if reading.labels == key.labels]
    for outcome in state.outcomes:
        concerned = [r for r in outcome.readings if set(key.labels) <= set(r.labels)]
        if concerned and all(reading.breached is False for reading in concerned):
            return concerned
    return [reading for reading in state.readings if set(key.labels) <= set(reading.labels)]


def _is_absence(state: State, key: Key) -> bool:
    kinds = {c.name: c.WhichOneof("condition") for c in state.policy.conditions}
    return kinds.get(key.condition) == "condition_absent"


def _common(outcomes: Sequence[Outcome]) -> set[Labels]:
    """The resources for which every condition holds."""
    sets = [
        {_resource(reading.labels) for reading in outcome.readings if reading.holds}
        for outcome in outcomes
    ]
    return set.intersection(*sets) if sets else set()


def _resource(labels: Labels) -> Labels:
    return tuple(pair for pair in labels if pair[0].startswith("resource."))


def _first(outcomes: Sequence[Outcome], labels: Labels) -> float | None:
    for outcome in outcomes:
        for reading in outcome.readings:
            if reading.holds and set(labels) <= set(reading.labels):
                return reading.value
    return None


def _revision(policy: Any) -> int:
    return int(policy.mutation_record.mutate_time.ToNanoseconds())
