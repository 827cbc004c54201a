"""Why a rollout could not move as it should: its flag is no longer what it was. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from functions.alerts.message import ENGLISH, FRENCH
from functions.rollouts.rollout import Rollout

GONE = "gone"
VARIANTS = "variants"
TAKEN = "taken"
DEFAULT = "default"

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
}


def sentence(obstacle: str, rollout: Rollout, language: str = ENGLISH) -> str:
    words = WORDS[obstacle][1 if language == FRENCH else 0]
    return words.format(flag=rollout.flag, control=rollout.control)


def in_french(reason: str, rollout: Rollout) -> str:
    """A reason as people read it in French; one that somebody wrote stays as it is."""
    for obstacle in WORDS:
        if reason == sentence(obstacle, rollout):
            return sentence(obstacle, rollout, FRENCH)
    return reason
