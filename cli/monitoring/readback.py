"""Points as Cloud Monitoring has them, against those that Firestore's minutes make. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from functions.metrics.series import Point

Identity = tuple[str, tuple[tuple[str, str], ...]]
Value = int | float | tuple[int, float, tuple[int, ...]]
"""A number; or of a distribution its count, mean, and counts by bucket without the empty end."""

Arm = tuple[str, str]
"""Service and version."""

CLOSE = 1e-9


class Difference(NamedTuple):
    """A point that is not as it should be; None stands for no point."""

    minute: int
    metric: str
    labels: Mapping[str, str]
    expected: Value | None
    found: Value | None


@dataclass(frozen=True)
class Compared:
    """`late` are points of a version whose minute in Firestore grew after it was published."""

    same: int = 0
    late: int = 0
    differences: tuple[Difference, ...] = ()

    def __add__(self, other: Compared) -> Compared:
        return Compared(
            self.same + other.same,
            self.late + other.late,
            self.differences + other.differences,
        )


def compare(
    minute: int,
    expected: Iterable[Point],
    found: Mapping[Identity, Value],
    late: Collection[Arm],
    metrics: Collection[str],
) -> Compared:
    """One minute. `late` are the versions whose minutes grew after they were published; every point
    of `metrics` that is there must be expected.
    """
    wanted = {point.identity: value_of(point.value) for point in expected}
    same, grown, differences = 0, 0, []
    for one in sorted({*wanted, *(each for each in found if each[0] in metrics)}):
        if _alike(wanted.get(one), found.get(one)):
            same += 1
        elif _arm(one) in late:
            grown += 1
        else:
            labels = dict(one[1])
            differences.append(Difference(minute, one[0], labels, wanted.get(one), found.get(one)))
    return Compared(same, grown, tuple(differences))


def value_of(value: Any) -> Value:
    """A point's value of our own, so that it can be compared."""
    if isinstance(value, int | float):
        return value
    last = max(value.buckets, default=-1)
    counts = tuple(value.buckets.get(bucket, 0) for bucket in range(last + 1))
    return value.count, value.mean, counts


def value_found(value: Any) -> Value:
    """The same of a TypedValue, as Cloud Monitoring gives it."""
    kind = value.WhichOneof("value")
    if kind != "distribution_value":
        number: int | float = getattr(value, kind)
        return number
    distribution = value.distribution_value
    counts = list(distribution.bucket_counts)
    while counts and not counts[-1]:
        counts.pop()
    return int(distribution.count), float(distribution.mean), tuple(counts)


def _arm(one: Identity) -> Arm:
    labels = dict(one[1])
    return labels.get("service", ""), labels.get("version", "")


def _alike(wanted: Value | None, found: Value | None) -> bool:
    if wanted is None or found is None:
        return False
    if isinstance(wanted, tuple) and isinstance(found, tuple):
        return wanted[::2] == found[::2] and _close(wanted[1], found[1])
    return (
        isinstance(wanted, int | float) and isinstance(found, int | float) and _close(wanted, found)
    )


def _close(first: float, second: float) -> bool:
    return math.isclose(first, second, rel_tol=CLOSE, abs_tol=CLOSE)
