"""What is published beside the minutes themselves: what rules compare, what is open, what was given
up. It is asked once a minute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from functions.alerts import values
from functions.alerts.defined import Defined
from functions.alerts.incidents import store as incidents
from functions.alerts.measures import Sources
from functions.alerts.objectives import burn
from functions.alerts.objectives.ledger import Ledger
from functions.alerts.outbox import store as deliveries
from functions.documents import Scope, Store
from functions.metrics.due import Extra, Held
from functions.metrics.series import DEAD_LETTERS, INCIDENTS_OPEN, Reading


def beside(
    store: Store,
    scope: Scope,
    known: Defined,
    sources: Sources,
    ledgers: Mapping[str, Ledger],
    readings: Sequence[Reading] = (),
    held: Held | None = None,
) -> Extra:
    """Costs two reads. How fast budgets burn and what is open is known of now only.

    `ledgers` are those of the objectives, by their ids; `readings` what others know of now; `held`
    keeps the minutes that rules look back on. Raises StoreUnavailable.
    """
    now = [
        *readings,
        *values.readings(burn.measured(known.objectives, ledgers, known.rules)),
        Reading(INCIDENTS_OPEN, incidents.unresolved(store, scope)),
        Reading(DEAD_LETTERS, deliveries.dead(store, scope)),
    ]
    derive = partial(values.values, known.rules, sources=sources)
    reach = values.reach_seconds(known.rules)
    return Extra(now, derive, reach, known.scores, held or Held())
