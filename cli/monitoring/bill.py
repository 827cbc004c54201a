"""What Cloud Monitoring costs a month, from the points that were written. Pure.

The list prices are those of Google Cloud Observability's page as of November 2026; look them up
again before you rely on them. What is billed are bytes of points: 8 of a number, 80 of a
distribution. The first 150 MiB a month of a billing account are free, so whoever has other metrics
pays for all of ours. A policy is billed by its conditions, and by the series that it looks at, each
30 s; when that begins Google has put off several times.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

BYTES_OF_A_NUMBER = 8
BYTES_OF_A_DISTRIBUTION = 80
MIB = 2**20
FREE_MIB = 150
DOLLARS_A_MIB = 0.258
"""Up to 100,000 MiB a month."""

HOURS_A_MONTH = 730
DOLLARS_A_CONDITION = 0.10
DOLLARS_A_MILLION_SERIES = 0.35
LOOKS_A_MONTH = HOURS_A_MONTH * 120


@dataclass(frozen=True)
class Used:
    """A metric in the hours that were looked at."""

    metric: str
    series: int
    points: int
    distribution: bool

    @property
    def bytes(self) -> int:
        each = BYTES_OF_A_DISTRIBUTION if self.distribution else BYTES_OF_A_NUMBER
        return self.points * each


@dataclass(frozen=True)
class Bill:
    """A month like the hours that were looked at. Money in dollars."""

    hours: int
    series: int
    points: int
    mib: float
    price: float
    conditions: int
    conditions_series: int

    @property
    def points_a_month(self) -> float:
        return self.points / self.hours * HOURS_A_MONTH

    @property
    def written(self) -> float:
        """Without what is free."""
        return self.mib * self.price

    @property
    def written_after_free(self) -> float:
        """When nothing else of the billing account is written."""
        return max(0.0, self.mib - FREE_MIB) * self.price

    @property
    def policies(self) -> float:
        looked_at = self.conditions_series * LOOKS_A_MONTH / 1e6 * DOLLARS_A_MILLION_SERIES
        return self.conditions * DOLLARS_A_CONDITION + looked_at


def bill(
    used: Iterable[Used],
    hours: int,
    conditions: int = 0,
    conditions_series: int = 0,
    price: float | None = None,
) -> Bill:
    """`conditions_series` is how many series the conditions look at, all together."""
    used = list(used)
    return Bill(
        hours,
        sum(each.series for each in used),
        sum(each.points for each in used),
        sum(each.bytes for each in used) / hours * HOURS_A_MONTH / MIB,
        DOLLARS_A_MIB if price is None else price,
        conditions,
        conditions_series,
    )
