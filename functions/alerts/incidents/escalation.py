"""Who is to see to an incident, by its age. Pure.

| level | from       | who                         |
|-------|------------|-----------------------------|
| L1    | at once    | Palier: automatic recovery  |
| L2    | 15 minutes | DevOps on call              |
| L3    | 30 minutes | lead of engineering         |
| L4    | 60 minutes | CTO                         |

Acknowledging stops the climb. When what fires still does an hour later, the climb goes on.
"""

from __future__ import annotations

STARTS_SECONDS = (0, 900, 1_800, 3_600)
"""The age at which each level begins, L1 first."""

LEVELS = ("L1", "L2", "L3", "L4")
ACKNOWLEDGED_SECONDS = 3_600
"""How long an acknowledgement holds."""


def level_at(age: float) -> int:
    """The level (1 to 4) of an incident that has been climbing for `age` seconds."""
    return max(1, sum(age >= start for start in STARTS_SECONDS))


def above(level: int) -> int:
    """The next level; there is none above L4."""
    return min(level + 1, len(LEVELS))


def climbing_since(level: int, now: float) -> float:
    """When the ladder's time must have begun for `level` to begin now."""
    return now - STARTS_SECONDS[level - 1]


def name(level: int) -> str:
    return LEVELS[level - 1]
