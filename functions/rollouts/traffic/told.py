"""What people are told of a move of traffic, once it has ended. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from functions.alerts.message import ENGLISH, FRENCH, Event, Message, Text
from functions.alerts.rule import P2, P3
from functions.rollouts.traffic import words
from functions.rollouts.traffic.move import Became, Move

RUNBOOK = "docs/runbooks/traffic.md"

WORDS: Mapping[Became, tuple[tuple[str, str], tuple[str, str]]] = {
    Became.CONFIRMED: (
        (
            "{service}: Cloud Run's traffic has followed",
            "Cloud Run sends all traffic to {revision} again, in which {version} runs, "
            "{seconds} s after it was asked.",
        ),
        (
            "{service} : le trafic de Cloud Run a suivi",
            "Cloud Run envoie de nouveau tout le trafic à {revision}, où tourne {version}, "
            "{seconds} s après la demande.",
        ),
    ),
    Became.REFUSED: (
        (
            "{service}: Cloud Run's traffic can't follow",
            "Users have {version} again, by the flag. But Cloud Run could not send the traffic to "
            "{revision}, in which it runs: {reason} What to do: see that the flag's versions all "
            "work in the revision that serves, or deploy {version} anew.",
        ),
        (
            "{service} : le trafic de Cloud Run ne peut pas suivre",
            "Les utilisateurs retrouvent {version}, par le drapeau. Mais Cloud Run n'a pas pu "
            "envoyer le trafic à {revision}, où elle tourne : {reason} Que faire : vérifiez que "
            "les versions du drapeau marchent dans la révision qui sert, ou redéployez {version}.",
        ),
    ),
    Became.DRIFTED: (
        (
            "{service}: somebody else changed Cloud Run's traffic",
            "Palier had sent all traffic to {revision}, in which {version} runs. Since then "
            "somebody has sent it elsewhere: {reason}. Palier leaves it there. What to do: see "
            "that whoever deployed knows of the rollback.",
        ),
        (
            "{service} : quelqu'un d'autre a changé le trafic de Cloud Run",
            "Palier avait envoyé tout le trafic à {revision}, où tourne {version}. Depuis, "
            "quelqu'un l'a envoyé ailleurs : {reason}. Palier n'y touche plus. Que faire : "
            "vérifiez que la personne qui a déployé connaît l'annulation.",
        ),
    ),
}
"""Title and text, in English and in French."""


def of_move(service: str, move: Move) -> Message | None:
    """The message of a move that has ended; the same move never makes two."""
    if move.became not in WORDS:
        return None
    about = {
        "service": service,
        "version": move.version,
        "revision": move.revision,
        "seconds": f"{max(0.0, (move.ended_at or move.asked_at) - move.asked_at):.0f}",
    }
    reasons = (move.reason, words.in_french(move.reason) or move.reason)
    english, french = (
        Text(title.format(**about), text.format(**about, reason=reason))
        for (title, text), reason in zip(WORDS[move.became], reasons, strict=True)
    )
    return Message(
        id=f"traffic-{move.rollout}-{move.became.value}",
        event=Event.NEWS,
        severity=P3 if move.became is Became.CONFIRMED else P2,
        about=f"rollouts/{move.rollout}",
        texts={ENGLISH: english, FRENCH: french},
        facts={
            "service": service,
            "version": move.version,
            "revision": move.revision,
            "rollout": move.rollout,
            "became": move.became.value,
        },
        runbook="" if move.became is Became.CONFIRMED else RUNBOOK,
    )
