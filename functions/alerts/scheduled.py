"""What people are told when a scheduled change could not be made. Pure."""

from __future__ import annotations

from functions.alerts.message import LOG, Message
from functions.alerts.thresholds import P2
from functions.flags.schedule import Schedule


def of_failure(schedule: Schedule) -> Message:
    """The message of a schedule that failed; the same one never makes two."""
    return Message(
        id=f"schedule-{schedule.id}",
        channel=LOG,
        severity=P2,
        about=f"schedules/{schedule.id}",
        title=f"{schedule.flag}: the scheduled {schedule.action.value} was not made",
        text=f"{schedule.why} Nothing was changed. What to do: look at the flag, and schedule "
        "the change anew or make it by hand.",
        facts={
            "schedule": schedule.id,
            "flag": schedule.flag,
            "action": schedule.action.value,
            "at": schedule.at,
            "by": schedule.by,
        },
    )
