"""Durations with an exact counter of what took longer. Pure.

What a rule or a score compares a duration with is one of these, so that none is decided by an
estimate: "the 95th percentile is above 30 s" holds exactly when more than 5 % took longer than
30 s. 50 to 500 ms are for what answers at once, 15, 20 and 30 s are those of P3, P2 and P1; the
others are there because an Apdex of T needs T and 4 T.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

LADDER_MS = (
    50,
    100,
    200,
    300,
    500,
    800,
    1_000,
    2_000,
    3_000,
    4_000,
    5_000,
    8_000,
    10_000,
    12_000,
    15_000,
    20_000,
    30_000,
    40_000,
    60_000,
)

Above = Mapping[str, int]
"""{milliseconds of LADDER_MS: how many took longer}, exact."""

_PASSED: tuple[Above, ...] = tuple(
    {str(rung): 1 for rung in LADDER_MS[:passed]} for passed in range(len(LADDER_MS) + 1)
)


def of(duration_ms: float) -> Above:
    """The counters of one duration: 1 for each rung that it is longer than."""
    return _PASSED[bisect_left(LADDER_MS, duration_ms)]


def longer_than(above: Above, rung_ms: int) -> int:
    """How many took longer than a rung. Raises ValueError for what is none."""
    if rung_ms not in LADDER_MS:
        rungs = ", ".join(map(str, LADDER_MS))
        raise ValueError(f"no exact counter above {rung_ms} ms; there is one above {rungs} ms")
    return above.get(str(rung_ms), 0)
