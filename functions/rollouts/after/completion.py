"""What is left to do of a rollout that has ended, and what was done. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from functions.rollouts.after.archive import Archive, Stretch, figures
from functions.rollouts.after.removal import Basis, shown
from functions.rollouts.after.rollback import Rollback
from functions.rollouts.rollout import Rollout
from functions.rollouts.state import ENDED, Phase


@dataclass(frozen=True, slots=True)
class Lessons:
    """What people wrote down once a rollout had ended; `at` is when, last (epoch seconds)."""

    text: str
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Known:
    """All that is kept of a rollout; `basis`: what is known of its flags."""

    rollout: Rollout
    basis: Basis
    rollback: Rollback | None = None
    archive: Archive | None = None
    lessons: Lessons | None = None


def completion(known: Known) -> dict[str, Any]:
    """`left` says what is still to be done, by people or by Palier; empty when nothing is."""
    return {
        "id": known.rollout.id,
        "phase": known.rollout.state.phase.value,
        "left": _left(known),
        "flags": shown(known.basis),
        "rollback": known.rollback.status.value if known.rollback else None,
        "archived_through": known.archive.through if known.archive else None,
        "archived": bool(known.archive and known.archive.done),
        "lessons": asdict(known.lessons) if known.lessons else None,
    }


def _left(known: Known) -> list[str]:
    rollout = known.rollout
    if rollout.state.phase not in ENDED:
        return ["end"]
    if rollout.shift is None:
        return []
    succeeded = rollout.state.phase is Phase.SUCCEEDED
    wanted = {
        "verification": known.rollback is not None and known.rollback.verifying,
        "flags": succeeded and bool(known.basis.left),
        "archive": not (known.archive and known.archive.done),
        "lessons": known.lessons is None,
    }
    return [name for name, missing in wanted.items() if missing]


def archived(archive: Archive, found: Sequence[Stretch]) -> dict[str, Any]:
    """An archive as people see it: each stretch under one split, and each hour."""
    return {
        "id": archive.id,
        "through": archive.through,
        "done": archive.done,
        "stretches": [
            {
                "number": each.number,
                "stage": each.stage,
                "within": each.within,
                "percentage": each.percentage,
                "since": each.since,
                "until": each.until,
                "arms": {
                    arm: figures(tally) for arm, tally in archive.sums.get(each.number, {}).items()
                },
            }
            for each in found
        ],
        "hours": [
            {"at": start, "arms": dict(arms)} for start, arms in sorted(archive.hours.items())
        ],
    }
