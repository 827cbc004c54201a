"""What end users read when something failed, in English and French, by code (and reason)."""

from __future__ import annotations

from collections.abc import Mapping

from functions.errors import PalierError

LANGUAGES = ("en", "fr")

TEXTS: Mapping[str, tuple[str, str]] = {
    "INVALID_ARGUMENT": (
        "Something in this request is not as it should be. Check what you entered.",
        "Cette demande contient une erreur. Vérifiez votre saisie.",
    ),
    "UNAUTHENTICATED": ("Please sign in again.", "Veuillez vous reconnecter."),
    "PERMISSION_DENIED": (
        "You don't have access to this.",
        "Vous n'avez pas accès à cette fonction.",
    ),
    "NOT_FOUND": ("This could not be found.", "Élément introuvable."),
    "METHOD_NOT_ALLOWED": ("This is not possible here.", "Cette action n'est pas possible ici."),
    "ALREADY_EXISTS": ("This exists already.", "Cet élément existe déjà."),
    "GENERATION_CONFLICT": (
        "Somebody else changed this in the meantime. Reload and try again.",
        "Quelqu'un d'autre vient de modifier cet élément. Rechargez puis réessayez.",
    ),
    "IN_PROGRESS": (
        "This is still being worked on. Wait a moment.",
        "Votre demande est en cours de traitement. Patientez un instant.",
    ),
    "FAILED_PRECONDITION": (
        "This is not possible right now.",
        "Cette action n'est pas possible pour le moment.",
    ),
    "PAYLOAD_TOO_LARGE": ("This is too long.", "Le contenu est trop volumineux."),
    "RATE_LIMITED": (
        "Too many requests. Wait a moment and try again.",
        "Trop de demandes. Patientez un instant puis réessayez.",
    ),
    "RATE_LIMITED/a_day": (
        "No more stories can be written today. Come back tomorrow.",
        "Plus aucune histoire ne peut être écrite aujourd'hui. Revenez demain.",
    ),
    "RATE_LIMITED/an_hour": (
        "You have asked for many stories. Take a break and try again later.",
        "Vous avez demandé beaucoup d'histoires. Faites une pause et réessayez plus tard.",
    ),
    "INTERNAL": (
        "Something went wrong on our side. Please try again.",
        "Une erreur est survenue de notre côté. Veuillez réessayer.",
    ),
    "OPENAI_ERROR": (
        "The story could not be written. Please try again in a moment.",
        "L'histoire n'a pas pu être écrite. Réessayez dans un instant.",
    ),
    "OPENAI_ERROR/bad_prompt": (
        "No story can be written about this. Try another idea.",
        "Impossible d'écrire une histoire sur ce sujet. Essayez une autre idée.",
    ),
    "MEMORY_ERROR": (
        "There is a lot going on right now. Please try again in a moment.",
        "Le service est très sollicité. Réessayez dans un instant.",
    ),
    "STORE_UNAVAILABLE": (
        "The service can't be reached right now. Please try again in a moment.",
        "Le service est momentanément indisponible. Réessayez dans un instant.",
    ),
    "SWITCHED_OFF": (
        "This is switched off for the moment. Try again later.",
        "Cette fonction est désactivée pour le moment. Réessayez plus tard.",
    ),
    "TIMEOUT": (
        "This took too long. Please try again.",
        "La réponse a pris trop de temps. Veuillez réessayer.",
    ),
}


def for_user(error: PalierError, language: str) -> str:
    """The sentence for an end user; English for languages other than French."""
    reason = error.extra.get("reason")
    texts = TEXTS.get(f"{error.code}/{reason}") or TEXTS[error.code]
    return texts[1] if language == "fr" else texts[0]


def preferred(accept_language: str | None) -> str:
    """`fr` or `en`, from an Accept-Language header: whichever is named first."""
    for choice in (accept_language or "").lower().split(","):
        language = choice.partition(";")[0].strip().partition("-")[0]
        if language in LANGUAGES:
            return language
    return "en"
