"""What came of a rollback, for the timeline of the incident behind it."""

from __future__ import annotations

from collections.abc import Collection

from functions.alerts.incidents.incident import Deed
from functions.documents import Reads, Scope
from functions.rollouts.after.rollback import Rollback, Status
from functions.rollouts.after.store import found_of
from functions.rollouts.rollout import Rollout
from functions.rollouts.state import Phase

OK = (
    "The rollback came about: all checks are ok.",
    "Le retour a eu lieu : toutes les vérifications sont bonnes.",
)


def verified(reads: Reads, scope: Scope, rollout: Rollout, known: Collection[str]) -> Deed | None:
    """None while it is being verified, and where it is told already. One read, for a rollout that
    was rolled back and isn't told yet."""
    if rollout.state.phase is not Phase.ROLLED_BACK or _name(rollout.id) in known:
        return None
    rollback = found_of(reads, scope, rollout.id)
    if rollback is None or (rollback.verifying and rollback.status is not Status.FAILED):
        return None
    english, french = _said(rollback)
    return Deed(
        id=_name(rollout.id),
        at=rollback.checked_at,
        kind="rollback_failed" if rollback.status is Status.FAILED else "rollback_verified",
        rollout=rollout.id,
        flag=rollout.flag,
        percentage=0.0,
        by="machine:tick",
        sentence=english,
        french=french,
    )


def _said(rollback: Rollback) -> tuple[str, str]:
    telling = [check for check in rollback.checks if check.status is rollback.status]
    if rollback.status is Status.OK or not telling:
        return OK
    return " ".join(each.english for each in telling), " ".join(each.french for each in telling)


def _name(rollout: str) -> str:
    return f"{rollout}/verified"
