"""What the alerts that fire on a candidate mean for its rollout. Pure.

Who lets a rollout go on knows what fires then: that neither pauses nor takes back in the same
stage. In later stages it is known only while the control has it too, since more users get the
candidate then. A rollout or a stage that begins on its own knows nothing.

What signed-in users report takes back only when several of them tell of harm: one alone may be
wrong, or mean it.
"""

from __future__ import annotations

from collections.abc import Sequence

from functions.alerts.alarm import Alarm
from functions.alerts.rule import P1, PAUSE, ROLL_BACK
from functions.metrics.tally import Tally
from functions.rollouts.harm import LEAST_FAILING_USERS, Measured, shared_trouble
from functions.rollouts.plan import Plan
from functions.rollouts.verdict import ALERTING, Kind, Situation, Verdict

TELLING = "telling_users"
"""The figure: how many told of harm, where that was too few."""

CONTROL_TOO = "The old version suffers as well."


def alarms(_plan: Plan, situation: Situation) -> Verdict | None:
    """A firing alert on the candidate whose action is to roll back: FAIL; to pause: PAUSE."""
    new = [alarm for alarm in situation.alarms if _news(alarm, situation)]
    grave = [alarm for alarm in new if ROLL_BACK in alarm.actions and not _few(alarm, situation)]
    for alarm in grave:
        if alarm.name not in situation.shared_alarms:
            return Verdict(
                Kind.FAIL,
                "alarm",
                f"Rolled back: {alarm.sentence}",
                {},
                ALERTING,
                *_measured(alarm, situation),
            )
    if grave:
        return shared_trouble("alarm", {}, _measured(grave[0], situation), ALERTING)
    for alarm in new:
        if PAUSE in alarm.actions or ROLL_BACK in alarm.actions:
            return _paused(alarm, situation)
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
    shared = alarm.actions and alarm.name in situation.shared_alarms
    return f"{alarm.sentence} {CONTROL_TOO}" if shared else alarm.sentence


def _paused(alarm: Alarm, situation: Situation) -> Verdict:
    sentence = f"Paused: {said(alarm, situation)}"
    if not (ROLL_BACK in alarm.actions and _few(alarm, situation)):
        return Verdict(Kind.PAUSE, "alarm", sentence, {}, ALERTING, *_measured(alarm, situation))
    users = len(_harmed(alarm, situation.seen.stage.candidate))
    return Verdict(
        Kind.PAUSE,
        "alarm",
        f"{sentence} Signed-in users who told of it: {users}; it takes {LEAST_FAILING_USERS} to "
        "take the version back.",
        {TELLING: users},
        ALERTING,
        *_measured(alarm, situation),
    )


def _measured(alarm: Alarm, situation: Situation) -> Measured:
    """What the alert says, and what the stage rests on: the rule has a window of its own."""
    candidate = situation.seen.stage.candidate
    return Measured(alarm.value, candidate.served, situation.window_seconds)


def too_few(alarm: Alarm, stage: Tally) -> bool:
    """Whether it rests on events of users, and too few of them told of harm in this stage of the
    version that it fires on."""
    return bool(alarm.by_users) and len(_harmed(alarm, stage)) < LEAST_FAILING_USERS


def _few(alarm: Alarm, situation: Situation) -> bool:
    return too_few(alarm, situation.seen.stage.candidate)


def _harmed(alarm: Alarm, stage: Tally) -> frozenset[str]:
    told = stage.by_users.get(alarm.by_users)
    return told.users if told else frozenset()


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
    if alarm.name in situation.shared_alarms:
        return True
    if alarm.by_users and not _few(alarm, situation):
        return False  # too few told of it then: it would have been taken back
    return resumed >= situation.began
