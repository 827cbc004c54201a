"""What people are told when a rollout moves: what happened, since when users had it, what Palier
did, what to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from functions.alerts.incidents.figures import called
from functions.alerts.incidents.people import NOBODY, Names
from functions.alerts.message import ENGLISH, FRENCH, Event, Message, Text
from functions.alerts.rule import P1, P2, P3
from functions.rollouts import french
from functions.rollouts.durations import duration
from functions.rollouts.french import number
from functions.rollouts.obstacles import in_french
from functions.rollouts.rollout import Occasion, Rollout
from functions.rollouts.verdict import Kind

QUIET = frozenset({"start_requested"})
URGENT = frozenset({"rolled_back", "stepped_back", "blocked"})
WAITING = frozenset(french.WAITING)
"""Rules behind a pause that can wait until the morning."""

TITLES: Mapping[str, tuple[str, str]] = {
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
    "approval_needed": ("waits for an approval", "attend une approbation"),
    "approved": ("is approved", "est approuvé"),
    "increased": ("is given more users", "reçoit plus d'utilisateurs"),
    "completed": ("is completed by hand", "est achevé à la main"),
    "aborted": ("is aborted", "est abandonné"),
    "blocked": ("can't be rolled back", "ne peut pas être annulé"),
    "reset": ("is reset", "est remis à zéro"),
    "queued": ("waits for its turn", "attend son tour"),
    "dequeued": ("has its turn", "a son tour"),
}
"""In English and in French."""

DONE: Mapping[str, tuple[str, str]] = {
    "rolled_back": (
        "All users get {restored} again. {candidate} is not released anew without an override.",
        "Tous les utilisateurs retrouvent {restored}. {candidate} ne repart pas sans dérogation.",
    ),
    "stepped_back": (
        "{percentage} % of the users get {candidate} now.",
        "{percentage} % des utilisateurs ont désormais {candidate}.",
    ),
    "paused": (
        "The split stays as it is: {percentage} % of the users get {candidate}, and Palier goes on "
        "guarding them.",
        "Le partage reste tel quel : {percentage} % des utilisateurs ont {candidate}, et Palier "
        "continue de veiller.",
    ),
    "superseded": ("Nobody got {candidate}.", "Personne n'a eu {candidate}."),
    "approval_needed": (
        "{candidate} has proved healthy at this stage. The next one begins when a person lets it.",
        "{candidate} s'est montrée saine à ce palier. Le suivant commence quand quelqu'un le "
        "permet.",
    ),
    "aborted": (
        "All users get {control} again. {candidate} may be released anew.",
        "Tous les utilisateurs retrouvent {control}. {candidate} peut être relancée.",
    ),
    "reset": (
        "All users get {control} again, and what was seen so far is forgotten.",
        "Tous les utilisateurs retrouvent {control}, et ce qui a été observé est oublié.",
    ),
    "blocked": (
        "It should be rolled back, but {control} can't be served any more, and no other version "
        "is known to be good. {percentage} % of the users keep {candidate}; Palier tries again "
        "every 10 s.",
        "Il devrait être annulé, mais {control} ne peut plus être servie, et aucune autre version "
        "n'est connue pour être bonne. {percentage} % des utilisateurs gardent {candidate} ; "
        "Palier réessaie toutes les 10 s.",
    ),
}
"""What Palier did, where the title doesn't say it."""

HAD: tuple[str, str] = (
    "The split had last changed {ago} before.",
    "Le partage avait changé {ago} plus tôt.",
)

TO_DO: Mapping[str, tuple[str, str]] = {
    "rolled_back": (
        "What to do: find out what failed before you release it again (palier rollout show {id}).",
        "Que faire : trouvez la cause avant de relancer la version (palier rollout show {id}).",
    ),
    "stepped_back": (
        "What to do: look at memory and time of both versions (palier rollout show {id}).",
        "Que faire : regardez la mémoire et les temps des deux versions (palier rollout show "
        "{id}).",
    ),
    "paused": (
        "What to do: look (palier rollout show {id}), then resume, promote or roll back.",
        "Que faire : regardez (palier rollout show {id}), puis reprenez, promouvez ou annulez.",
    ),
    "approval_needed": (
        "What to do: look (palier rollout show {id}), then approve it (palier rollout approve "
        "{id}) or roll it back.",
        "Que faire : regardez (palier rollout show {id}), puis approuvez (palier rollout approve "
        "{id}) ou annulez.",
    ),
    "blocked": (
        "What to do: make {control} servable again, or publish a corrected version, now.",
        "Que faire : rendez {control} de nouveau servable, ou publiez une version corrigée, "
        "maintenant.",
    ),
    "superseded": (
        "What to do: look at the flag, and create the rollout anew.",
        "Que faire : regardez le drapeau, puis recréez le déploiement.",
    ),
}


def unexplained(after: Rollout, occasion: Occasion) -> bool:
    """Whether all that can be said of why is who asked for it."""
    return not (occasion.verdict or occasion.reason or after.reason)


def of_transition(
    after: Rollout, kind: str, occasion: Occasion, names: Names = NOBODY
) -> Message | None:
    """The message of a transition; the same transition never makes two. `names` are those of
    people, by their actors' ids."""
    if kind in QUIET:
        return None
    verdict = occasion.verdict
    return Message(
        id=f"rollout-{after.id}-{after.transitions:06d}",
        event=Event.NEWS,
        severity=_severity(kind, occasion),
        about=f"rollouts/{after.id}",
        texts={
            ENGLISH: Text(
                f"{after.flag} → {after.candidate} {TITLES[kind][0]} "
                f"({after.percentage:g} % of users)",
                _text(after, kind, occasion, ENGLISH, names),
            ),
            FRENCH: Text(
                f"{after.flag} → {after.candidate} {TITLES[kind][1]} "
                f"({number(after.percentage)} % des utilisateurs)",
                _text(after, kind, occasion, FRENCH, names),
            ),
        },
        facts={
            "rollout": after.id,
            "flag": after.flag,
            "service": after.service,
            "version": after.candidate,
            "kind": kind,
            "rule": verdict.rule if verdict else None,
            "percentage": after.percentage,
            "generation": occasion.generation,
        },
    )


def _text(after: Rollout, kind: str, occasion: Occasion, language: str, names: Names) -> str:
    told = [
        _reason(after, occasion, language, names),
        _since(after, kind, occasion, language),
        _say(DONE, kind, after, language),
        _say(TO_DO, kind, after, language),
    ]
    return " ".join(each for each in told if each)


def _reason(after: Rollout, occasion: Occasion, language: str, names: Names) -> str:
    verdict = occasion.verdict
    if verdict:
        return french.sentence(verdict, after.plan) if language == FRENCH else verdict.sentence
    given = occasion.reason or after.reason
    who = called(names.get(occasion.actor, occasion.actor), language)
    if language == FRENCH:
        return in_french(given, after) or f"Demandé par {who}."
    return given or f"Asked for by {who}."


def _since(after: Rollout, kind: str, occasion: Occasion, language: str) -> str:
    if kind not in ("rolled_back", "paused") or after.shift is None:
        return ""
    seconds = max(0.0, occasion.now - after.shift.at)
    ago = french.duration(seconds) if language == FRENCH else duration(seconds)
    return HAD[language == FRENCH].format(ago=ago)


def _say(words: Mapping[str, tuple[str, str]], kind: str, after: Rollout, language: str) -> str:
    if kind not in words:
        return ""
    percentage = number(after.percentage) if language == FRENCH else f"{after.percentage:g}"
    return words[kind][language == FRENCH].format(
        control=after.control,
        restored=after.serves_again,
        candidate=after.candidate,
        percentage=percentage,
        id=after.id,
    )


def _severity(kind: str, occasion: Occasion) -> str:
    verdict = occasion.verdict
    if kind in URGENT:
        return P1 if verdict or kind == "blocked" else P2
    if kind == "paused" and verdict and verdict.kind is Kind.PAUSE:
        return P2 if verdict.rule in WAITING else P1
    return P2 if kind in ("superseded", "approval_needed") else P3
