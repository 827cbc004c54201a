"""The users who had to wait longest, by a few that add up. Pure.

Who asks often, with a slow phone, has many slow requests. Whether slow requests are those of many
users is told by the KEPT users with the slowest request each: the same from whatever parts they are
added up, since nobody who is among the slowest of all is left out of the slowest of a part. Users
are ranks of keyed hashes (distinct.py), durations the rung of the ladder that they are beyond.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

from functions.metrics.distinct import Users
from functions.metrics.ladder import LADDER_MS

KEPT = 16

Slowest = Mapping[str, int]
"""{rank: the highest rung in milliseconds that a request of that user took longer than}."""

NONE: Slowest = {}


def of(users: Users, duration_ms: float) -> Slowest:
    """Of one request of one user; none where it was faster than any rung, or of nobody."""
    passed = bisect_left(LADDER_MS, duration_ms)
    return {str(rank): LADDER_MS[passed - 1] for rank in users.ranks} if passed else NONE


def merge(first: Slowest, second: Slowest) -> Slowest:
    """The slowest of both together; among equals those of the smallest ranks."""
    if all(first.get(rank, 0) >= rung for rank, rung in second.items()):
        return first
    merged = dict(first)
    for rank, rung in second.items():
        merged[rank] = max(rung, merged.get(rank, 0))
    if len(merged) <= KEPT:
        return merged
    kept = sorted(merged, key=lambda rank: (-merged[rank], int(rank)))[:KEPT]
    return {rank: merged[rank] for rank in kept}


def slower_than(some: Slowest, rung_ms: int) -> int | None:
    """How many users had a request slower than a rung; None where that isn't known: nobody is, or
    as many as are kept."""
    count = sum(rung >= rung_ms for rung in some.values())
    return count if some and count < KEPT else None
