"""Who is to see to an incident, by its age. Pure.

| level | from       | who                         |
|-------|------------|-----------------------------|
| L1    | at once    | Palier: automatic recovery  |
| L2    | 15 minutes | DevOps on call              |
| L3    | 30 minutes | lead of engineering         |
| L4    | 60 minutes | CTO                         |

Acknowledging stops the climb. When what fires still does an hour later, the climb goes on. How far
it goes depends on the severity: what can wait until the day is over wakes no CTO.
"""

from __future__ import annotations

from collections.abc import Mapping

STARTS_SECONDS = (0, 900, 1_800, 3_600)
"""The age at which each level begins, L1 first."""

LEVELS = ("L1", "L2", "L3", "L4")
HIGHEST: Mapping[str, int] = {"P1": 4, "P2": 3, "P3": 2}
"""The level at which the climb ends, by severity."""

ACKNOWLEDGED_SECONDS = 3_600
"""How long an acknowledgement holds."""


def level_at(age: float, severity: str) -> int:
    """The level (1 to 4) of an incident that has been climbing for `age` seconds."""
    return min(max(1, sum(age >= start for start in STARTS_SECONDS)), highest(severity))


def highest(severity: str) -> int:
    return HIGHEST.get(severity, len(LEVELS))


def above(level: int, severity: str) -> int:
    """The next level; the same where the climb ends for the severity."""
    return max(level, min(level + 1, highest(severity)))


def next_at(level: int, severity: str, began: float) -> float | None:
    """When an incident that has been climbing since `began` leaves its level; None for never."""
    return began + STARTS_SECONDS[level] if level < highest(severity) else None


def climbing_since(level: int, now: float) -> float:
    """When the ladder's time must have begun for `level` to begin now."""
    return now - STARTS_SECONDS[level - 1]


def name(level: int) -> str:
    return LEVELS[level - 1]
