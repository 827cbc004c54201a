"""Why a rollout could not move as it should: its flag is no longer what it was. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from functions.alerts.message import ENGLISH, FRENCH
from functions.flags.flag import Flag
from functions.rollouts.rollout import Moved, Rollout
from functions.rollouts.state import Phase
from functions.rollouts.traffic.words import in_french as of_traffic

GONE = "gone"
VARIANTS = "variants"
TAKEN = "taken"
DEFAULT = "default"
SEGMENT = "segment"
ALREADY = "already"
QUARANTINED = "quarantined"
UNSERVED = "unserved"

WORDS: Mapping[str, tuple[str, str]] = {
    GONE: ("The flag {flag} is gone.", "Le drapeau {flag} n'existe plus."),
    VARIANTS: (
        "The flag {flag} no longer has both variants.",
        "Le drapeau {flag} n'a plus les deux variantes.",
    ),
    TAKEN: (
        "The flag {flag} is under another rollout.",
        "Le drapeau {flag} fait l'objet d'un autre déploiement.",
    ),
    DEFAULT: (
        "The default of the flag {flag} is no longer {control}.",
        "La valeur par défaut du drapeau {flag} n'est plus {control}.",
    ),
    SEGMENT: (
        "A segment of users to whom this rollout gives the flag {flag} is gone.",
        "Un segment d'utilisateurs auquel ce déploiement destine le drapeau {flag} n'existe plus.",
    ),
    ALREADY: (
        "{candidate} became the default of the flag {flag} while this rollout waited for its turn.",
        "{candidate} est devenue la valeur par défaut du drapeau {flag} pendant que ce déploiement "
        "attendait son tour.",
    ),
    QUARANTINED: (
        "{candidate} of the flag {flag} was rolled back while this rollout waited for its turn.",
        "{candidate} du drapeau {flag} a été annulée pendant que ce déploiement attendait son "
        "tour.",
    ),
    UNSERVED: (
        "{candidate} of the flag {flag} can't be served any more.",
        "{candidate} du drapeau {flag} ne peut plus être servie.",
    ),
}


def obstacle(
    flags: Mapping[str, Flag | None],
    segments: Collection[str],
    before: Rollout,
    after: Rollout,
) -> str:
    """What keeps a rollout from its move, or nothing; `flags` are all of its flags as they are."""
    if not (after.state.splitting or after.state.phase is Phase.SUCCEEDED):
        return ""
    if not {each.segment for each in after.reach.audiences} <= set(segments):
        return SEGMENT
    found = (_obstacle(flags[each.flag], each, before) for each in after.moves)
    return next(filter(None, found), "")


def _obstacle(flag: Flag | None, moved: Moved, before: Rollout) -> str:
    if flag is None or flag.archived:
        return GONE
    if not {moved.control, moved.candidate} <= set(flag.definition["variants"]):
        return VARIANTS
    if flag.split and flag.split.rollout != before.id:
        return TAKEN
    if before.shift is None and flag.definition.get("defaultVariant") != moved.control:
        return DEFAULT
    return ""


def met_by(flags: Mapping[str, Flag | None], before: Rollout, after: Rollout) -> Moved:
    """The first of its flags that an obstacle stands in the way of, its own where none does."""
    found = (each for each in after.moves if _obstacle(flags[each.flag], each, before))
    return next(found, after.moves[0])


def sentence(
    obstacle: str, rollout: Rollout, language: str = ENGLISH, moved: Moved | None = None
) -> str:
    """`moved`: which of its flags it is about, by default its own."""
    about = moved or rollout.moves[0]
    words = WORDS[obstacle][1 if language == FRENCH else 0]
    return words.format(flag=about.flag, control=about.control, candidate=about.candidate)


def in_french(reason: str, rollout: Rollout) -> str:
    """A reason as people read it in French; one that somebody wrote stays as it is."""
    for obstacle in WORDS:
        for moved in rollout.moves:
            if reason == sentence(obstacle, rollout, moved=moved):
                return sentence(obstacle, rollout, FRENCH, moved)
    return of_traffic(reason) or reason
