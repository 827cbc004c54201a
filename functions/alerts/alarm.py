"""What a rollout is told of an alert that fires on one of its versions. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from functions.alerts.rule import P1, PAUSE, ROLL_BACK, Rule
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
    claimed   whether it rests on what may be forged
    quiet_since  since when it is no longer too much, while it is kept firing
    by_users  the metric of apps by whose events of signed-in users alone it is too much; "" else
    """

    rule: str
    severity: str
    actions: tuple[str, ...]
    since: float
    value: float | None
    sentence: str
    claimed: bool = False
    quiet_since: float | None = None
    by_users: str = ""

    @property
    def name(self) -> str:
        """Tells it from the alarm of the same rule on what is only claimed."""
        return f"{self.rule}+{CLAIMED}" if self.claimed else self.rule


def not_evaluated(now: float) -> Alarm:
    """Stands for what nobody knows while the rules can't be evaluated: it asks for nothing, and no
    rollout advances for as long as it lasts."""
    return Alarm("rules-not-evaluated", P1, (), now, None, "The alert rules can't be evaluated.")


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


def alike(alarms: Sequence[Alarm], others: Sequence[Alarm]) -> dict[str, float | None]:
    """Those that the others have as well: their names, and what was measured of the others.

    What may be forged of the others says nothing of what is known: an alarm that is believed is
    shared only by one that is.
    """
    believed = {other.rule: other.value for other in others if not other.claimed}
    claimed = {other.rule: other.value for other in others if other.claimed}
    shared: dict[str, float | None] = {}
    for alarm in alarms:
        known = {**claimed, **believed} if alarm.claimed else believed
        if alarm.rule in known:
            shared[alarm.name] = known[alarm.rule]
    return shared


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
        claimed,
        state.quiet_since,
        rule.metric.partition(":")[0] if state.by_users else "",
    )


def _believed(actions: tuple[str, ...]) -> tuple[str, ...]:
    """What may follow from what can be forged."""
    return tuple(dict.fromkeys(PAUSE if action == ROLL_BACK else action for action in actions))
