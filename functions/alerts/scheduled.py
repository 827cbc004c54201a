"""What people are told when a scheduled change could not be made. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from functions.alerts.message import ENGLISH, FRENCH, Event, Message, Text
from functions.alerts.rule import P2
from functions.flags.schedule import Action, Schedule

IN_FRENCH: Mapping[Action, str] = {
    Action.EDIT: "la modification programmée n'a pas été faite",
    Action.KILL: "la coupure programmée n'a pas été faite",
    Action.REVIVE: "la remise en marche programmée n'a pas été faite",
    Action.ARCHIVE: "l'archivage programmé n'a pas été fait",
    Action.RESTORE: "la restauration programmée n'a pas été faite",
}

REASONS = (
    (r"The flag \S+ is gone, or can't be read\.", "le drapeau n'existe plus ou est illisible."),
    (
        r"Of the flag \S+, (?P<what>.+) ha(s|ve) changed since revision (?P<number>\d+), .*",
        "depuis la révision {number}, sur laquelle le changement se fonde, quelqu'un a modifié : "
        "{what}.",
    ),
    (r"The flag \S+ is archived\.", "le drapeau est archivé."),
    (r"The flag \S+ is used by: (?P<what>.+)\.", "le drapeau est utilisé par : {what}."),
    (
        r"The flag (?P<what>\S+) requires the variant .*",
        "le drapeau {what} a besoin d'une variante qui disparaîtrait.",
    ),
    (
        r"An environment holds at most (?P<number>[\d,]+) flags\.",
        "l'environnement contient déjà {number} drapeaux, le maximum.",
    ),
    (
        r".* bytes compressed; .* fit into one snapshot\.",
        "les drapeaux de l'environnement ne tiendraient plus dans ce qui est publié.",
    ),
)
"""What a schedule says of its failure, and what of it is said in French."""

ANY_OTHER = "le drapeau ne serait plus valable, ou ce n'est pas permis ; le détail (en anglais) "
WHERE = "est dans GET /v1/schedules/{} sous `why`."


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
                f"{schedule.flag} : {IN_FRENCH[schedule.action]}",
                f"Rien n'a été modifié. Motif : {in_french(schedule)} Que faire : vérifiez le "
                "drapeau, puis reprogrammez le changement ou faites-le à la main.",
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


def in_french(schedule: Schedule) -> str:
    """Why it failed. What is not known here is said where it can be read."""
    for english, french in REASONS:
        found = re.fullmatch(english, schedule.why or "")
        if found:
            parts = found.groupdict()
            parts["number"] = parts.get("number", "").replace(",", "\u202f")
            return french.format(**parts)
    return ANY_OTHER + WHERE.format(schedule.id)
