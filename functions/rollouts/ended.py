"""How many rollouts ended in a period, and how many of them well: for the scorecard."""

from __future__ import annotations

from functions.alerts.objectives.scorecard import Releases
from functions.documents import Reads, Scope
from functions.rollouts.state import Phase

MOST = 1_000


def ended(reads: Reads, scope: Scope, since: float, until: float) -> Releases:
    """Those that succeeded or were rolled back in [since, until). What was superseded before it
    began released nothing. Raises StoreUnavailable."""
    documents = reads.query(
        scope.collection("rollouts"),
        [("decided_at", ">=", since), ("decided_at", "<", until)],
        order_by="decided_at",
        limit=MOST,
    )
    phases = [document.data["phase"] for document in documents]
    succeeded = phases.count(Phase.SUCCEEDED.value)
    return Releases(succeeded + phases.count(Phase.ROLLED_BACK.value), succeeded)
