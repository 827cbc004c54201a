"""What people are told when a scheduled change could not be made. Pure."""

from __future__ import annotations

from functions.alerts.message import ENGLISH, FRENCH, Event, Message, Text
from functions.alerts.rule import P2
from functions.flags.schedule import Schedule


def of_failure(schedule: Schedule) -> Message:
    """The message of a schedule that failed; the same one never makes two."""
    return Message(
        id=f"schedule-{schedule.id}",
        event=Event.NEWS,
        severity=P2,
        about=f"schedules/{schedule.id}",
        texts={
            ENGLISH: Text(
                f"{schedule.flag}: the scheduled {schedule.action.value} was not made",
                f"{schedule.why} Nothing was changed. What to do: look at the flag, and schedule "
                "the change anew or make it by hand.",
            ),
            FRENCH: Text(
                f"{schedule.flag} : le changement programmé ({schedule.action.value}) n'a pas été "
                "fait",
                f"Rien n'a été modifié. Motif : {schedule.why} Que faire : vérifiez le drapeau, "
                "puis reprogrammez le changement ou faites-le à la main.",
            ),
        },
        facts={
            "schedule": schedule.id,
            "flag": schedule.flag,
            "action": schedule.action.value,
            "at": schedule.at,
            "by": schedule.by,
        },
    )
