"""Stories whose request died between its claim and its last write: found, settled, counted.

A story that is still `running` when its lease is over becomes `failed`, with the code INTERNAL and
the reason `abandoned`. What was reserved for it stays charged: nobody knows what it cost. It is
counted as an internal failure of the version that it ran, in the same commit: once, whoever dies
when, and whether it is found here or by the next request with its key.
"""

from __future__ import annotations

from collections.abc import Sequence

from functions import log
from functions.clock import Clock
from functions.documents import Document, Refused, Scope, Store, Write
from functions.errors import Internal
from functions.metrics import tally
from functions.metrics.observation import Observation
from functions.metrics.recorder import new_instance
from functions.metrics.store import SlotKey, slot_write
from functions.metrics.windows import slot_start
from functions.published import timestamp
from functions.stories.claim import COLLECTION
from functions.stories.model.failure import Cause
from functions.stories.versions import SERVICE

AT_ONCE = 200
"""Stories a look: with their slots two documents each in one commit."""

ABANDONED = {"code": Internal.code, "reason": "abandoned"}
UNKNOWN_USER = "unknown"


def settle_abandoned(store: Store, clock: Clock, scope: Scope) -> int:
    """How many stories were found abandoned and are settled now. Raises StoreUnavailable."""
    now = clock.now()
    found = store.query(
        scope.collection(COLLECTION),
        [("lease_until", "<=", timestamp(now))],
        order_by="lease_until",
        limit=AT_ONCE,
    )
    if not found:
        return 0
    settled = _settle(store, scope, found, now)
    if settled:
        log.error("stories abandoned", service=SERVICE, stories=settled)
    return settled


def failure(scope: Scope, document: Document, now: float) -> Write:
    """Counts the request that left this document as a failure of the version that it ran.

    Goes into the commit that ends its `running`.
    """
    data = document.data
    ended = data["lease_until"].timestamp()
    seen = Observation(
        service=SERVICE,
        version=data["version"],
        generation=data["generation"],
        at=ended,
        duration_ms=0.0,  # when it died is not known
        code=Internal.code,
        cause=Cause.INTERNAL.value,
        user_hash=data.get("user") or UNKNOWN_USER,
    )
    key = SlotKey(scope, slot_start(ended), SERVICE, seen.version, seen.generation)
    return slot_write(key, new_instance(), tally.of(seen), now)


def _settle(store: Store, scope: Scope, found: Sequence[Document], now: float) -> int:
    """All in one commit; in halves when somebody else was at one of them, so that those who are
    left alone cost a few commits more, not one each."""
    writes = [write for document in found for write in _ending(scope, document, now)]
    try:
        store.commit(writes)
    except Refused:
        if len(found) == 1:
            return 0
        half = len(found) // 2
        return sum(_settle(store, scope, part, now) for part in (found[:half], found[half:]))
    return len(found)


def _ending(scope: Scope, document: Document, now: float) -> list[Write]:
    failed = {"state": "failed", "lease_until": None, "error": ABANDONED}
    return [Write.update(document, failed), failure(scope, document, now)]
