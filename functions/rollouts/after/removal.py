"""Which flags of a rollout that succeeded are archived with it, and what speaks against it. Pure.

permanent   it is to stay
version     it says which version of a service users get: it is to stay
archived    it was taken away
gone        it was deleted
left        it is temporary, and left to be taken away
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.errors import FailedPrecondition
from functions.flags.flag import Flag
from functions.published import timestamp
from functions.rollouts.fitting import service_of

PERMANENT, VERSION, ARCHIVED, GONE, LEFT = "permanent", "version", "archived", "gone", "left"

LATELY_SECONDS = 24 * 3_600
"""A flag that was evaluated within them is still read by apps."""


@dataclass(frozen=True, slots=True)
class Basis:
    """
    flags           by key; None for one that is gone
    last_evaluated  by key, when somebody last asked for it (epoch seconds)
    used_by         by key, what else uses it: `rollout ID`, `schedule ID`, `flag KEY`
    """

    flags: Mapping[str, Flag | None]
    last_evaluated: Mapping[str, float]
    now: float
    used_by: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def became(self, key: str) -> str:
        flag = self.flags[key]
        if flag is None:
            return GONE
        if flag.archived:
            return ARCHIVED
        if flag.permanent:
            return PERMANENT
        return VERSION if service_of(key) else LEFT

    @property
    def left(self) -> list[str]:
        return [key for key in self.flags if self.became(key) == LEFT]


def hindrance(key: str, basis: Basis, *, force: bool = False) -> FailedPrecondition | None:
    """Why a flag that is left can't be archived. `force`: whether or not apps still read it."""
    going = {f"flag {each}" for each in basis.left}
    users = [user for user in basis.used_by.get(key, ()) if user not in going]
    if users:
        return FailedPrecondition(
            f"The flag {key} can't be archived: it is used by {', '.join(users)}.",
            remedy="End or change what uses it first.",
            extra={"flag": key, "used_by": users},
        )
    flag, at = basis.flags[key], basis.last_evaluated.get(key)
    if flag and flag.killed:
        return FailedPrecondition(
            f"The flag {key} is killed: archived, it would give apps the default in their code "
            "instead.",
            remedy=f"Revive it, or archive it by itself: palier flags archive {key}.",
            extra={"flag": key},
        )
    if at is not None and at > basis.now - LATELY_SECONDS and not force:
        return FailedPrecondition(
            f"The flag {key} was last evaluated at {timestamp(at):%Y-%m-%d %H:%M:%S} UTC, less "
            "than 24 hours ago: apps that still ask for it would use the default in their code.",
            remedy="Take the flag out of the code first and come back a day later, or send "
            "`force: true` (--force) if that default is what they are to use.",
            extra={"flag": key, "last_evaluated_at": at},
        )
    return None


def require_removable(basis: Basis, *, force: bool) -> None:
    """Raises FailedPrecondition about the first flag that can't be archived: all are, or none."""
    for key in basis.left:
        refusal = hindrance(key, basis, force=force)
        if refusal:
            raise refusal


def shown(basis: Basis, removed: Sequence[str] = ()) -> list[dict[str, Any]]:
    """What became of each flag, once those that are `removed` are archived."""
    return [_shown(key, basis, removed) for key in basis.flags]


def _shown(key: str, basis: Basis, removed: Sequence[str]) -> dict[str, Any]:
    became = ARCHIVED if key in removed else basis.became(key)
    refusal = hindrance(key, basis) if became == LEFT else None
    return {
        "flag": key,
        "became": became,
        "last_evaluated_at": basis.last_evaluated.get(key),
        "hindrance": refusal.detail if refusal else None,
    }
