"""How large a share may be, from counts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log1p, sqrt

Z95 = 1.6448536269514722
"""The 95 % quantile of the normal distribution."""

Z_HOUR_OF_A_DAY = 3.3412
"""What one in 2,400 exceeds: of the 24 hours of a day, any with a chance of 1 %."""

_LEAST_TRIED = 30
"""Shares of fewer say little about how shares differ from one stretch of time to the next."""


def upper(hits: int, tried: int, z: float = Z95) -> float:
    """The upper end of Wilson's one-sided interval for a share, 95 % with the usual `z`; 1 when
    nothing was tried."""
    if tried <= 0:
        return 1.0
    share = hits / tried
    middle = share + z * z / (2 * tried)
    spread = z * sqrt(share * (1.0 - share) / tried + z * z / (4 * tried * tried))
    return min(1.0, (middle + spread) / (1.0 + z * z / tried))


def usual_upper(parts: Sequence[tuple[int, int]]) -> float:
    """What the share underlying a stretch of time hardly ever exceeds, from (hits, tried) of each:
    none of a day's 24 hours, but on one day in a hundred.

    Errors come in bursts and days have a rhythm, so the interval of all counts together says too
    little: the larger of it and of what a log-normal distribution with the mean and the variance of
    the stretches' shares exceeds as rarely. Shares are positive and lie askew: a normal one is
    exceeded often. What chance makes of small counts is taken off the variance, since an e-process
    allows for it by itself.
    """
    hits, tried = sum(each for each, _ in parts), sum(each for _, each in parts)
    together = upper(hits, tried, Z_HOUR_OF_A_DAY)
    shares = [(hits / tried, tried) for hits, tried in parts if tried >= _LEAST_TRIED]
    if len(shares) < 2:
        return together
    mean = sum(share for share, _ in shares) / len(shares)
    if not mean:
        return together
    variance = sum((share - mean) ** 2 for share, _ in shares) / (len(shares) - 1)
    by_chance = sum(mean * (1.0 - mean) / tried for _, tried in shares) / len(shares)
    spread = log1p(max(0.0, variance - by_chance) / mean**2)
    largest = mean * exp(Z_HOUR_OF_A_DAY * sqrt(spread) - spread / 2.0)
    return min(1.0, max(together, largest))
