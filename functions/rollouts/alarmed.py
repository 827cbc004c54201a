"""What the alerts that fire on a candidate mean for its rollout. Pure.

Who lets a rollout go on knows what fires then: that neither pauses nor takes back in the same
stage. In later stages it is known only while the control has it too, since more users get the
candidate then. A rollout or a stage that begins on its own knows nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from functions.alerts.alarm import Alarm
from functions.alerts.rule import P1, PAUSE, ROLL_BACK
from functions.rollouts.harm import shared_trouble
from functions.rollouts.plan import Plan
from functions.rollouts.verdict import Kind, Situation, Verdict

CONTROL_TOO = "The old version suffers as well."


def alarms(_plan: Plan, situation: Situation) -> Verdict | None:
    """A firing alert on the candidate whose action is to roll back: FAIL; to pause: PAUSE."""
    new = [alarm for alarm in situation.alarms if _news(alarm, situation)]
    grave = [alarm for alarm in new if ROLL_BACK in alarm.actions]
    for alarm in grave:
        if alarm.name not in situation.shared_alarms:
            return Verdict(Kind.FAIL, "alarm", f"Rolled back: {alarm.sentence}")
    if grave:
        return shared_trouble("alarm", {})
    for alarm in new:
        if PAUSE in alarm.actions:
            return Verdict(Kind.PAUSE, "alarm", f"Paused: {said(alarm, situation)}")
    return None


def holding(situation: Situation) -> Sequence[Alarm]:
    """The P1 alerts for which it doesn't advance: all but those that a person knew of and that the
    control has as well. Such trouble is not the candidate's, which may be what mends it."""
    return [
        alarm
        for alarm in situation.alarms
        if alarm.severity == P1
        and not (_known(alarm, situation) and alarm.name in situation.shared_alarms)
    ]


def said(alarm: Alarm, situation: Situation) -> str:
    """What fires, and whether the control has it too."""
    shared = alarm.name in situation.shared_alarms
    return f"{alarm.sentence} {CONTROL_TOO}" if shared else alarm.sentence


def _news(alarm: Alarm, situation: Situation) -> bool:
    """Whether nobody knew of it, and it was too much at some time of this stage: an alert that is
    only kept firing from before says nothing of it."""
    if _known(alarm, situation):
        return False
    return alarm.quiet_since is None or alarm.quiet_since > situation.began


def _known(alarm: Alarm, situation: Situation) -> bool:
    resumed = situation.resumed_at
    if resumed is None or alarm.since > resumed:
        return False
    return resumed >= situation.began or alarm.name in situation.shared_alarms
