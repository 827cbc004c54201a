"""What is left to do of a rollout that has ended, and what was done. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from functions.flags.flag import Flag
from functions.rollouts.after.archive import Archive, Stretch, figures
from functions.rollouts.after.rollback import Rollback
from functions.rollouts.rollout import Rollout
from functions.rollouts.state import ENDED, Phase

PERMANENT, ARCHIVED, GONE, LEFT = "permanent", "archived", "gone", "left"
"""What became of a flag: it is to stay; it was taken away; or it is left to be taken away."""


@dataclass(frozen=True, slots=True)
class Lessons:
    """What people wrote down once a rollout had ended; `at` is when, last (epoch seconds)."""

    text: str
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class Known:
    """All that is kept of a rollout.

    flags           by key; None for one that is gone
    last_evaluated  by key, when somebody last asked for it (epoch seconds)
    """

    rollout: Rollout
    flags: Mapping[str, Flag | None]
    last_evaluated: Mapping[str, float]
    rollback: Rollback | None = None
    archive: Archive | None = None
    lessons: Lessons | None = None


def completion(known: Known) -> dict[str, Any]:
    """`left` says what is still to be done, by people or by Palier; empty when nothing is."""
    flags = [_flag(key, flag, known) for key, flag in known.flags.items()]
    return {
        "id": known.rollout.id,
        "phase": known.rollout.state.phase.value,
        "left": list(_left(known, flags)),
        "flags": flags,
        "rollback": known.rollback.status.value if known.rollback else None,
        "archived_through": known.archive.through if known.archive else None,
        "archived": bool(known.archive and known.archive.done),
        "lessons": asdict(known.lessons) if known.lessons else None,
    }


def _flag(key: str, flag: Flag | None, known: Known) -> dict[str, Any]:
    return {
        "flag": key,
        "became": _became(flag),
        "last_evaluated_at": known.last_evaluated.get(key),
    }


def _became(flag: Flag | None) -> str:
    if flag is None:
        return GONE
    if flag.archived:
        return ARCHIVED
    return PERMANENT if flag.permanent else LEFT


def _left(known: Known, flags: Sequence[Mapping[str, Any]]) -> list[str]:
    rollout = known.rollout
    if rollout.state.phase not in ENDED:
        return ["end"]
    if rollout.shift is None:
        return []
    succeeded = rollout.state.phase is Phase.SUCCEEDED
    wanted = {
        "verification": known.rollback is not None and known.rollback.verifying,
        "flags": succeeded and any(each["became"] == LEFT for each in flags),
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
