"""What a rollout is told of an alert that fires on one of its versions. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from functions.alerts.rule import PAUSE, ROLL_BACK, Rule
from functions.alerts.state import FIRING, State
from functions.alerts.words import name_of, value_of
from functions.metrics.hours import kind

CLAIMED = "claimed"
"""What may be forged: it pauses at most."""


@dataclass(frozen=True)
class Alarm:
    """
    actions   what follows, of ACTIONS
    since     when it began to fire (epoch seconds)
    value     what was measured then
    sentence  for people: what fires, and how much it was
    """

    rule: str
    severity: str
    actions: tuple[str, ...]
    since: float
    value: float | None
    sentence: str


def alarms_of(
    firing: Iterable[State], by_id: Mapping[str, Rule], service: str, version: str
) -> list[Alarm]:
    """What fires of a version, with what apps only claim of it; the most severe first.

    Whether people are told makes no difference: muted alerts protect users as well.
    """
    arms = (version, f"{version}+{CLAIMED}")
    found = [
        _alarm(by_id[state.key.rule], state)
        for state in firing
        if state.status == FIRING
        and state.key.service == service
        and state.key.version in arms
        and state.key.rule in by_id
    ]
    return sorted(found, key=lambda alarm: (alarm.severity, alarm.rule))


def alike(alarms: Sequence[Alarm], others: Sequence[Alarm]) -> frozenset[str]:
    """The rules that fire for both."""
    return frozenset(alarm.rule for alarm in alarms) & frozenset(other.rule for other in others)


def _alarm(rule: Rule, state: State) -> Alarm:
    named, value = name_of(rule)["en"], value_of(rule, state.value)
    limit = value_of(rule, rule.threshold)
    claimed = kind(state.key.version) == CLAIMED
    said = ", as apps say" if claimed else ""
    return Alarm(
        rule.id,
        state.severity,
        _believed(rule.actions) if claimed else rule.actions,
        state.since,
        state.value,
        f"the alert {rule.id} fires on the new version: {named} was {value}{said}; "
        f"the limit is {limit}.",
    )


def _believed(actions: tuple[str, ...]) -> tuple[str, ...]:
    """What may follow from what can be forged."""
    return tuple(dict.fromkeys(PAUSE if action == ROLL_BACK else action for action in actions))
