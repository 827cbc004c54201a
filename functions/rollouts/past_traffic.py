"""How a service was used lately, from the hours that are kept of it."""

from __future__ import annotations

from dataclasses import dataclass

from functions.documents import Scope, Store
from functions.metrics import hour_store
from functions.metrics.hours import HOUR_SECONDS, hour_start, kind
from functions.metrics.tally import merge_all
from functions.rollouts.baseline import HISTORY_SECONDS, LEAST_REQUESTS
from functions.rollouts.foresight import Traffic


@dataclass(frozen=True, slots=True)
class Past:
    """
    traffic   None: nothing was measured
    hours     that it is the mean of: those in which anybody used the service
    enough    whether it says what is usual
    """

    traffic: Traffic | None = None
    hours: int = 0
    enough: bool = False


def past_traffic(store: Store, scope: Scope, service: str, now: float) -> Past:
    """Of all versions of a service together, in the last seven days. Raises StoreUnavailable."""
    if not service:
        return Past()
    since = hour_start(now - HISTORY_SECONDS)
    pages = hour_store.of_service(store, scope, hour_store.HOURS, service, since)
    found = [each for page in pages for each in page if not kind(each.version)]
    together = merge_all(each.tally for each in found)
    hours = len({each.start for each in found})
    if not together.served:
        return Past()
    return Past(
        Traffic(together.served / (hours * HOUR_SECONDS), together.error_rate or 0.0),
        hours,
        together.served >= LEAST_REQUESTS,
    )
