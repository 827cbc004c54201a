"""Sums up what instances wrote down of their evaluations: exactly once, whoever tries.

What was read is deleted in the commit that adds it to the sums, on the condition that it is still
there. Of two that do it at once the second is refused and leaves it to the next minute; killed
anywhere, either all of it was done or nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from functions.clock import Clock
from functions.documents import Document, Refused, Scope, Store, Write
from functions.flags.manage import evaluation_store as stored
from functions.flags.sums import LastEvaluated, sums_by_day

AT_ONCE = 100
"""Documents of one commit: in a large environment each holds some ten kB."""


def merge_usage(store: Store, clock: Clock, scope: Scope, *, seconds: float = 5.0) -> int:
    """How many documents were summed up. Stops when its time is over: the rest stays for the next.

    One query when there is nothing new. Raises StoreUnavailable.
    """
    deadline = clock.monotonic() + seconds
    merged = 0
    while True:
        documents = stored.written(store, scope, AT_ONCE)
        if not documents:
            return merged
        try:
            store.commit(_writes(store, scope, documents, clock.now()))
        except Refused:
            return merged
        merged += len(documents)
        if len(documents) < AT_ONCE or clock.monotonic() >= deadline:
            return merged


def _writes(store: Store, scope: Scope, documents: Sequence[Document], now: float) -> list[Write]:
    served = [each for each in map(stored.served, documents) if each]
    added = sums_by_day(served, now)
    last_path = stored.last_path(scope)
    paths = {day: stored.day_path(scope, day) for day in added}
    found = store.get_many([last_path, *paths.values()])
    last = found[last_path]
    after = LastEvaluated.from_document(last.data if last else None).after(served, now)
    return [
        stored.last_write(scope, last, after),
        *(stored.day_write(scope, found[paths[day]], day, added[day]) for day in added),
        *(Write.delete(document) for document in documents),
    ]
