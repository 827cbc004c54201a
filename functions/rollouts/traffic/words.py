"""What is said of Cloud Run, in English and in French. Pure.

Decisions speak English. Each sentence is made of a template, so that its French can be found again
from what was stored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

SERVICE_GONE = "service gone"
REVISION_GONE = "revision gone"
IMAGE_GONE = "image gone"
NOT_READY = "not ready"
REFUSED = "refused"
ELSEWHERE = "elsewhere"
SETTLING = "settling"
UNKNOWN = "unknown"
TROUBLE = "trouble"
DRIFTED = "drifted"
GIVEN_UP = "given up"
RESTORING = "restoring"
UNREADABLE = "unreadable"
OVERDUE = "overdue"

WORDS: Mapping[str, tuple[str, str]] = {
    SERVICE_GONE: (
        "Cloud Run has no service {service}.",
        "Cloud Run n'a pas de service {service}.",
    ),
    REVISION_GONE: (
        "The revision {revision}, in which {version} runs, is no longer in Cloud Run.",
        "La révision {revision}, où tourne {version}, n'est plus dans Cloud Run.",
    ),
    IMAGE_GONE: (
        "The image of the revision {revision}, in which {version} runs, was cleaned up: it can't "
        "be given traffic again.",
        "L'image de la révision {revision}, où tourne {version}, a été nettoyée : elle ne peut "
        "plus recevoir de trafic.",
    ),
    NOT_READY: (
        "The revision {revision}, in which {version} runs, can't serve: {reason}",
        "La révision {revision}, où tourne {version}, ne peut pas servir : {reason}",
    ),
    REFUSED: (
        "Cloud Run would refuse to send traffic to {revision}: {reason}",
        "Cloud Run refuserait d'envoyer le trafic à {revision} : {reason}",
    ),
    ELSEWHERE: (
        "Waiting: Cloud Run is to send all traffic to {revision}, in which {version} runs; now it "
        "sends {shares}.",
        "En attente : Cloud Run doit envoyer tout le trafic à {revision}, où tourne {version} ; "
        "pour l'instant il envoie {shares}.",
    ),
    SETTLING: (
        "Waiting: Cloud Run is still sending traffic to {revision}.",
        "En attente : Cloud Run dirige encore le trafic vers {revision}.",
    ),
    UNKNOWN: (
        "Waiting: Cloud Run has not yet said where traffic goes.",
        "En attente : Cloud Run n'a pas encore dit où va le trafic.",
    ),
    TROUBLE: (
        "Waiting: Cloud Run can't be asked where traffic goes ({reason}).",
        "En attente : impossible de demander à Cloud Run où va le trafic ({reason}).",
    ),
    DRIFTED: (
        "Paused: somebody changed Cloud Run's traffic, which is to go to {revision} and goes "
        "elsewhere: {shares}.",
        "Suspendu : quelqu'un a changé le trafic de Cloud Run, qui doit aller à {revision} et va "
        "ailleurs : {shares}.",
    ),
    GIVEN_UP: (
        "It did not come about within a day; Cloud Run's last word: {reason}.",
        "Rien n'y a fait en un jour ; le dernier mot de Cloud Run : {reason}.",
    ),
    RESTORING: (
        "Waiting: {version} was taken back to, and all traffic first goes to its revision "
        "{revision}.",
        "En attente : {version} est de retour, et tout le trafic va d'abord à sa révision "
        "{revision}.",
    ),
    UNREADABLE: (
        "Waiting: what is published of where services run can't be read. Repair it with "
        "POST /api/admin/feature-flags/sync.",
        "En attente : ce qui est publié des services et de leurs révisions est illisible. "
        "Réparez-le par POST /api/admin/feature-flags/sync.",
    ),
    OVERDUE: (
        "The start was given up after {minutes} minutes, the longest wait of its first stage. "
        "{reason}",
        "Le démarrage a été abandonné après {minutes} minutes, l'attente la plus longue de sa "
        "première étape. {reason}",
    ),
}
"""In English and in French, with what they are about in braces."""


def english(key: str, **about: str) -> str:
    return WORDS[key][0].format(**about)


def french(key: str, **about: str) -> str:
    return WORDS[key][1].format(**about)


def in_french(sentence: str) -> str:
    """The French of a sentence that `english` made; "" of any other."""
    for key, (_, said) in WORDS.items():
        found = _pattern(key).fullmatch(sentence)
        if found:
            about = found.groupdict()
            if key == OVERDUE:
                about["reason"] = in_french(about["reason"]) or about["reason"]
            return said.format(**about)
    return ""


@cache
def _pattern(key: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", WORDS[key][0])
    texts = [re.escape(each) for each in parts[::2]]
    names = [f"(?P<{each}>.+?)" for each in parts[1::2]]
    joined = [part for pair in zip(texts, [*names, ""], strict=True) for part in pair]
    return re.compile("".join(joined), re.DOTALL)
