"""The documents of a user's hours, and what a story that is asked for writes into them."""

from __future__ import annotations

from functions.documents import Document, Scope, Write
from functions.errors import FailedPrecondition, RateLimited
from functions.stories.limits import quota
from functions.stories.limits.quota import Limits, Used

EXCEEDED = {
    "requests": "This user has asked for as many stories as PALIER_REQUESTS_AN_HOUR allows.",
    "cost": "This user's stories have cost what PALIER_DOLLARS_AN_HOUR allows.",
}


def paths(scope: Scope, uid: str, now: float) -> tuple[str, str]:
    """Where this hour of a user is kept, and the one before."""
    this, last = quota.hours(now)
    return (
        scope.doc(quota.COLLECTION, quota.name(uid, this)),
        scope.doc(quota.COLLECTION, quota.name(uid, last)),
    )


def reserving(
    limits: Limits,
    microdollars: int,
    path: str,
    this: Document | None,
    last: Document | None,
    now: float,
) -> Write:
    """Takes a request that may cost `microdollars` from this hour, whose document is at `path`.

    Raises RateLimited, FailedPrecondition (no hour has room for such a story).
    """
    match quota.decide(limits, microdollars, _used(this), _used(last), now):
        case Used() as used:
            data = quota.document(used, quota.hours(now)[0])
            return Write.update(this, data) if this else Write.create(path, data)
        case quota.Exceeded(limit, retry_after):
            raise RateLimited(
                EXCEEDED[limit],
                extra={"reason": "an_hour", "limit": limit, "retry_after": retry_after},
            )
        case quota.TooDear():
            raise FailedPrecondition(
                "One story may cost more than PALIER_DOLLARS_AN_HOUR allows a user for an hour.",
                remedy="Raise the setting, or release a version with a lower max_output_tokens.",
            )


def _used(document: Document | None) -> Used:
    return Used.of(document.data if document else None)
