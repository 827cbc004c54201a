"""What users are told of a rollback, discreetly: the published part `notices`. Pure.

    {"notices": [{"id", "flag", "service", "at", "until", "en", "fr"}, …]}, the newest first

Nothing in it tells a version, a cause or a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from functions.rollouts.after.rollback import Rollback

KEPT_SECONDS = 86_400.0
MOST = 20

TEXTS = {
    "en": "A recent update was taken back. You have the previous version again, and nothing of "
    "yours was changed.",
    "fr": "Une mise à jour récente a été retirée. Vous retrouvez la version précédente, et rien de "
    "ce qui vous appartient n'a changé.",
}

Notice = Mapping[str, Any]


def of(rollback: Rollback) -> Notice:
    """`service` is whose versions the flag chooses from, "" for none."""
    return {
        "id": rollback.id,
        "flag": rollback.flag,
        "service": "" if rollback.service == rollback.flag else rollback.service,
        "at": rollback.at,
        "until": rollback.at + KEPT_SECONDS,
        **TEXTS,
    }


def with_notices(part: Any, new: Iterable[Notice], now: float) -> dict[str, Any]:
    """The part with these, and without those that have had their day. One that can't be read
    begins anew: it must not keep a rollback from being made."""
    added = list(new)
    again = {each["id"] for each in added}
    kept = [each for each in current(part, now) if each["id"] not in again]
    found = sorted([*added, *kept], key=lambda each: float(each["at"]), reverse=True)
    return {"notices": [dict(each) for each in found[:MOST]]}


def current(part: Any, now: float) -> Sequence[Notice]:
    """Those of the last day."""
    found = part.get("notices") if isinstance(part, dict) else None
    return [each for each in found or () if float(each["until"]) > now]
