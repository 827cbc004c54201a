"""Reads what says which flags of an environment are stale: every flag, and when each was last
evaluated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from functions import log
from functions.documents import Scope, Store
from functions.flags.flag import Flag
from functions.flags.manage import evaluation_store
from functions.flags.manage.publish import FLAGS_COLLECTION
from functions.flags.manage.stored import DAMAGED, PAGE
from functions.flags.stale import Stale, find_stale, requirements, with_required
from functions.flags.sums import LastEvaluated


@dataclass(frozen=True)
class Found:
    """All flags, archived ones too, and those that are stale; both by key."""

    flags: Sequence[Flag]
    counted: LastEvaluated
    stale: Sequence[Stale]


def look(store: Store, scope: Scope, now: float) -> Found:
    """Costs a read for every flag. Raises StoreUnavailable."""
    counted = evaluation_store.last_evaluated(store, scope)
    flags = _every_flag(store, scope)
    last = with_required(counted.at, requirements(flags))
    return Found(flags, counted, find_stale(flags, last, counted.since, now))


def _every_flag(store: Store, scope: Scope) -> list[Flag]:
    """One that can't be read must not hide the others."""
    flags = []
    for page in store.pages(scope.collection(FLAGS_COLLECTION), PAGE):
        for document in page:
            try:
                flags.append(Flag.from_document(document.data))
            except DAMAGED as error:
                log.exception("flag unreadable", error, flag=document.id)
    return flags
