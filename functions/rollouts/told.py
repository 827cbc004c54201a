"""What people are told when a rollout moves. Pure."""

from __future__ import annotations

from functions.alerts.message import ENGLISH, FRENCH, Event, Message, Text
from functions.alerts.rule import P1, P2, P3
from functions.rollouts.rollout import Occasion, Rollout
from functions.rollouts.verdict import Kind

QUIET = frozenset({"start_requested"})
URGENT = frozenset({"rolled_back", "stepped_back"})
WAITING = frozenset(
    {
        "no data",
        "requests",
        "control",
        "time",
        "criteria",
        "samples",
        "measures",
        "suspicion",
        "alarm",
    }
)
"""Rules behind a pause that can wait until the morning."""

TITLES = {
    "started": ("begins", "commence"),
    "advanced": ("advances", "avance"),
    "promoted": ("is promoted", "est généralisé"),
    "watching": ("is complete and watched", "est complet et surveillé"),
    "succeeded": ("has succeeded", "a réussi"),
    "paused": ("is paused", "est suspendu"),
    "resumed": ("goes on", "reprend"),
    "rolled_back": ("is rolled back", "est annulé"),
    "stepped_back": ("goes back one step", "recule d'un palier"),
    "superseded": ("does not begin", "ne commence pas"),
}
"""In English and in French."""


def of_transition(after: Rollout, kind: str, occasion: Occasion) -> Message | None:
    """The message of a transition; the same transition never makes two."""
    if kind in QUIET:
        return None
    verdict = occasion.verdict
    reason = verdict.sentence if verdict else occasion.reason or after.reason
    return Message(
        id=f"rollout-{after.id}-{after.transitions:06d}",
        event=Event.NEWS,
        severity=_severity(kind, occasion),
        about=f"rollouts/{after.id}",
        texts={
            ENGLISH: Text(
                f"{after.flag} → {after.candidate} {TITLES[kind][0]} "
                f"({after.percentage:g} % of users)",
                reason or f"Asked for by {occasion.actor}.",
            ),
            FRENCH: Text(
                f"{after.flag} → {after.candidate} {TITLES[kind][1]} "
                f"({after.percentage:g} % des utilisateurs)",
                reason or f"Demandé par {occasion.actor}.",
            ),
        },
        facts={
            "rollout": after.id,
            "kind": kind,
            "rule": verdict.rule if verdict else None,
            "percentage": after.percentage,
            "generation": occasion.generation,
        },
    )


def _severity(kind: str, occasion: Occasion) -> str:
    verdict = occasion.verdict
    if kind in URGENT:
        return P1 if verdict else P2
    if kind == "paused" and verdict and verdict.kind is Kind.PAUSE:
        return P2 if verdict.rule in WAITING else P1
    return P2 if kind == "superseded" else P3
