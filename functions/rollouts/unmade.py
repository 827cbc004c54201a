"""What people are told of a move that was decided and can't be made. Pure."""

from __future__ import annotations

from functions.alerts.message import ENGLISH, FRENCH, Event, Message, Text
from functions.alerts.rule import P1, P2
from functions.rollouts.rollout import Rollout

TITLE = (
    "{flag} → {candidate} can't be moved",
    "{flag} → {candidate} ne peut pas être déplacé",
)
SAID = (
    "Palier decided to move it and could not: {problem} {percentage:g} % of the users have "
    "{candidate}, as before, and Palier tries again at each look. What to do: mend what stands in "
    "the way, or roll back by hand (palier rollout rollback {id}).",
    "Palier a décidé de le déplacer et ne l'a pas pu (le journal du service dit pourquoi). "
    "{percentage:g} % des utilisateurs ont {candidate}, comme avant, et Palier réessaie à chaque "
    "examen. Que faire : levez l'obstacle, ou annulez à la main (palier rollout rollback {id}).",
)
UNKNOWN = "something went wrong, and the log of the service says what."


def of_move(rollout: Rollout, problem: str, *, back: bool) -> Message:
    """One for each state of a rollout; `problem`: a sentence, or "" where there is none for people;
    `back`: its users were to be taken back."""
    named = {
        "flag": rollout.flag,
        "candidate": rollout.candidate,
        "id": rollout.id,
        "percentage": rollout.percentage,
        "problem": problem or UNKNOWN,
    }
    return Message(
        id=f"rollout-{rollout.id}-{rollout.transitions:06d}-unmade",
        event=Event.NEWS,
        severity=P1 if back else P2,
        about=f"rollouts/{rollout.id}",
        texts={
            language: Text(TITLE[place].format(**named), SAID[place].format(**named))
            for place, language in enumerate((ENGLISH, FRENCH))
        },
        facts={
            "rollout": rollout.id,
            "flag": rollout.flag,
            "service": rollout.service,
            "version": rollout.candidate,
            "kind": "unmade",
            "percentage": rollout.percentage,
        },
    )
