"""Distinct failing users when there are more than are kept, from those that are. Pure.

A full set holds the users with the smallest hashes. Those below a half, a quarter, … of all hashes
that it still holds whole are a fair sample: one user in 2**level. Halves, and not whatever the set
reaches to: a sample that changed with each user would be another test each time.
"""

from __future__ import annotations

from collections.abc import Collection

from functions.metrics.tally import USERS_CAP

LEVELS = 65


def hash_limit(level: int) -> str:
    """Hashes are hexadecimal; below this one lies one in 2**level of them. From the 64th level on
    that is none of sixteen digits."""
    return f"{(1 << 64) >> level:016x}" if level < LEVELS - 1 else ""


def level_of(users: Collection[str]) -> int:
    """The largest sample that a set of hashes still holds whole; 0 while it holds everybody."""
    if len(users) < USERS_CAP:
        return 0
    reached = max(users)
    return next(level for level in range(1, LEVELS) if hash_limit(level) <= reached)


def sample(users: Collection[str]) -> tuple[int, int]:
    """(users in the sample, its level)."""
    level = level_of(users)
    if not level:
        return len(users), 0
    limit = hash_limit(level)
    return sum(user < limit for user in users), level


def estimate(users: Collection[str], failures: int) -> int:
    """How many distinct users failed, with so many failures: exact until the set is full."""
    found, level = sample(users)
    return min(max(failures, len(users)), max(len(users), found << level))
