"""What people are told when a rollback did not come about as it should. Pure."""

from __future__ import annotations

from functions.alerts.message import ENGLISH, FRENCH, Event, Message, Text
from functions.alerts.rule import P1
from functions.rollouts.after.rollback import Rollback, Status

TITLE = (
    "The rollback of {candidate} needs a look",
    "Le retour de {candidate} demande un regard",
)
TO_DO = (
    "What to do: look at every check (palier rollbacks show {id}); the page on taking back says "
    "what follows from each.",
    "Que faire : regardez chaque vérification (palier rollbacks show {id}) ; la page sur le retour "
    "en arrière dit ce qui en découle.",
)


def of_failure(rollback: Rollback) -> Message | None:
    """The message of a verification that failed; the same rollback never makes two."""
    failed = [check for check in rollback.checks if check.status is Status.FAILED]
    if not failed:
        return None
    found = {
        ENGLISH: " ".join(check.english for check in failed),
        FRENCH: " ".join(check.french for check in failed),
    }
    named = {"candidate": rollback.candidate, "id": rollback.id}
    return Message(
        id=f"rollback-{rollback.id}-failed",
        event=Event.NEWS,
        severity=P1,
        about=f"rollouts/{rollback.id}",
        texts={
            language: Text(
                TITLE[place].format(**named), f"{found[language]} {TO_DO[place].format(**named)}"
            )
            for place, language in enumerate((ENGLISH, FRENCH))
        },
        facts={
            "rollout": rollback.id,
            "service": rollback.service,
            "version": rollback.candidate,
            "kind": "rollback_failed",
            "checks": ", ".join(check.name for check in failed),
            "generation": rollback.generation,
        },
    )
