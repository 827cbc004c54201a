"""Execution times in buckets that grow by 2^(1/8), from 10 ms to 1 h. Pure.

A histogram is a mapping {bucket index: count}. Index 0 holds what is below 10 ms, 1 to FINITE the
finite buckets, FINITE + 1 what is an hour or more: the numbering of Cloud Monitoring's exponential
buckets, so that a histogram maps to a DISTRIBUTION one to one. Merging is adding integers.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping

GROWTH = 2 ** (1 / 8)
SCALE_MS = 10.0
FINITE = math.ceil(math.log(3_600_000 / SCALE_MS, GROWTH))
EDGES_MS: tuple[float, ...] = tuple(SCALE_MS * 2 ** (n / 8) for n in range(FINITE + 1))
"""Bucket n holds EDGES_MS[n - 1] <= duration < EDGES_MS[n]."""

WORST_ERROR = math.sqrt(GROWTH) - 1
"""How far (4.4 %) a percentile may be from the true one, for durations within the edges."""

Buckets = Mapping[int, int]


def index(duration_ms: float) -> int:
    """The bucket of a duration in milliseconds."""
    return bisect_right(EDGES_MS, duration_ms)


def merge(first: Buckets, second: Buckets) -> Buckets:
    """The histogram of both."""
    if not first or not second:
        return first or second
    merged = dict(first)
    for bucket, count in second.items():
        merged[bucket] = merged.get(bucket, 0) + count
    return merged


def percentile(buckets: Buckets, share: float) -> float | None:
    """The duration (ms) that `share` (0 to 1) of all do not exceed; None of an empty histogram.

    It is the geometric middle of the bucket that holds the nearest-rank percentile, so it is
    within WORST_ERROR of it. Below 10 ms it says 10, from an hour on it says the last edge.
    """
    total = sum(buckets.values())
    if not total:
        return None
    rank = max(1, math.ceil(share * total))
    seen = 0
    for bucket in sorted(buckets):
        seen += buckets[bucket]
        if seen >= rank:
            return _middle(bucket)
    raise AssertionError("the ranks of a histogram end with its total")


def _middle(bucket: int) -> float:
    if bucket == 0:
        return EDGES_MS[0]
    if bucket > FINITE:
        return EDGES_MS[-1]
    return math.sqrt(EDGES_MS[bucket - 1] * EDGES_MS[bucket])
