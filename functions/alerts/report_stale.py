"""The verb of `daily` that finds stale flags, keeps what it found, and tells of those that are new.

    ENV/reports/stale-flags   the keys found, and since when each is known

The report and the message that tells of it are written in one commit: of two that look at once the
second is refused, and each flag is told of once.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from functions import log
from functions.alerts import outbox
from functions.alerts.stale import of_stale_flags
from functions.documents import Document, Refused, Scope, Store, Write
from functions.flags.counts import SYNCED
from functions.flags.flag import Flag
from functions.flags.manage import evaluation_store
from functions.flags.manage.stale_flags import look
from functions.flags.stale import Stale
from functions.flags.sums import LastEvaluated
from functions.published import timestamp

Since = Mapping[str, float]
"""By key of a stale flag: when it was found first."""


def report_stale_flags(store: Store, scope: Scope, now: float) -> int:
    """How many flags are stale. Raises StoreUnavailable."""
    found = look(store, scope, now)
    _keep_counting(store, scope, found.flags, now)
    _report(store, scope, found.stale, now)
    return len(found.stale)


def report_path(scope: Scope) -> str:
    return scope.doc("reports", "stale-flags")


def _keep_counting(store: Store, scope: Scope, flags: Sequence[Flag], now: float) -> None:
    """Where nothing was ever evaluated, counting begins here. Flags that were deleted are
    forgotten, today or, when somebody else writes meanwhile, another day."""
    document = store.get(evaluation_store.last_path(scope))
    counted = LastEvaluated.from_document(document.data if document else None)
    kept = counted.of({SYNCED, *(flag.key for flag in flags)})
    if kept.since is None:
        kept = replace(kept, since=now)
    if kept == counted:
        return
    try:
        store.commit([evaluation_store.last_write(scope, document, kept)])
    except Refused:
        log.info("evaluations were written meanwhile")


def _report(store: Store, scope: Scope, stale: Sequence[Stale], now: float) -> None:
    document = store.get(report_path(scope))
    known, before = _read(document)
    new = [each for each in stale if each.key not in known]
    if not new and len(stale) == len(known):
        return
    found = {each.key: known.get(each.key, now) for each in stale}
    writes = [_report_write(scope, document, found, now)]
    if new:
        message = of_stale_flags(new, len(stale) - len(new), before)
        writes.append(outbox.enqueue(scope, message, now))
    try:
        store.commit(writes)
    except Refused:
        return
    log.info("stale_flags", found=len(stale), new=len(new))


def _read(document: Document | None) -> tuple[Since, str]:
    """What the last report found, and its time: the occasion of the next message."""
    if document is None:
        return {}, ""
    found = json.loads(zlib.decompress(document.data["flags"]))
    return found, document.data["found_at"].isoformat()


def _report_write(scope: Scope, document: Document | None, found: Since, now: float) -> Write:
    data = {"flags": zlib.compress(json.dumps(found).encode()), "found_at": timestamp(now)}
    return Write.update(document, data) if document else Write.create(report_path(scope), data)
