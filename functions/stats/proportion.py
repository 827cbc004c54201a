"""How large a share may be, from counts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

Z95 = 1.6448536269514722
"""The 95 % quantile of the normal distribution."""

_LEAST_TRIED = 30
"""Shares of fewer say little about how shares differ from one stretch of time to the next."""


def upper(hits: int, tried: int) -> float:
    """The upper end of Wilson's one-sided 95 % interval for a share; 1 when nothing was tried."""
    if tried <= 0:
        return 1.0
    share, z = hits / tried, Z95
    middle = share + z * z / (2 * tried)
    spread = z * sqrt(share * (1.0 - share) / tried + z * z / (4 * tried * tried))
    return min(1.0, (middle + spread) / (1.0 + z * z / tried))


def usual_upper(parts: Sequence[tuple[int, int]]) -> float:
    """What a share exceeds in 5 % of such stretches of time at most, from (hits, tried) of each.

    Errors come in bursts and days have a rhythm, so the interval of all counts together says too
    little: the larger of it and of mean + 1.645 standard deviations of the stretches' shares.
    """
    together = upper(sum(hits for hits, _ in parts), sum(tried for _, tried in parts))
    shares = [hits / tried for hits, tried in parts if tried >= _LEAST_TRIED]
    if len(shares) < 2:
        return together
    mean = sum(shares) / len(shares)
    variance = sum((share - mean) ** 2 for share in shares) / (len(shares) - 1)
    return min(1.0, max(together, mean + Z95 * sqrt(variance)))
