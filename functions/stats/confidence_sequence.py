"""How sure is a mean, or how two means differ, at any time one cares to look? Pure.

The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas ("Time-uniform
central limit theory and asymptotic confidence sequences", arXiv 2103.06476, equation 9). With n
values of a variance s², ρ > 0 and the chance α of ever being wrong,

    mean ± s · √(2 (nρ² + 1) / (n²ρ²) · ln(√(nρ² + 1) / α))

covers the true mean at all n at once, once n is large enough for the central limit theorem. For one
side the logarithm is ln(1 + √(nρ² + 1) / (2α)), and α becomes 2α in the choice of ρ.

It takes n, Σx and Σx² alone. Values are taken as independent: many values of the same few users
make it surer than it should be.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log, log1p, sqrt

TIGHTEST = 1_000.0
"""N*: the number of values at which the sequence is tightest. Looking much earlier or later costs
some width: at a tenth of it, or ten times as many, about 10 %."""


@dataclass(frozen=True, slots=True)
class Sample:
    """`count` values with this mean and this variance (of the sample, n - 1)."""

    count: int
    mean: float
    variance: float


@dataclass(frozen=True, slots=True)
class Interval:
    low: float = -inf
    high: float = inf


def tuned(alpha: float, tightest: float = TIGHTEST) -> float:
    """ρ, for which the sequence is tightest at so many values N*, nearly:
    ρ² = (-2 ln α + ln(-2 ln α + 1)) / N*."""
    surprise = -2.0 * log(alpha)
    return sqrt((surprise + log(surprise + 1.0)) / tightest)


def halfwidth(count: float, alpha: float, tightest: float = TIGHTEST) -> float:
    """Of the two-sided sequence, in standard deviations of one value. α in (0, 1)."""
    return _width(count, tuned(alpha, tightest), log(1.0 / alpha), one_sided=False)


def margin(count: float, alpha: float, tightest: float = TIGHTEST) -> float:
    """Of the one-sided sequence, in standard deviations of one value. α in (0, 0.5)."""
    return _width(count, tuned(2.0 * alpha, tightest), log(0.5 / alpha), one_sided=True)


def _width(count: float, rho: float, surprise: float, *, one_sided: bool) -> float:
    if count <= 0:
        return inf
    growth = count * rho * rho
    weight = surprise + 0.5 * log1p(growth)
    if one_sided:
        weight += log1p(exp(-weight))  # ln(1 + x), of a weight that is ln x
    return sqrt(2.0 * (growth + 1.0) / (count * growth) * weight)


def of_mean(sample: Sample, alpha: float, tightest: float = TIGHTEST) -> Interval:
    """Where the mean lies, at all times with a chance of 1 - α."""
    if sample.count < 2:
        return Interval()
    width = sqrt(sample.variance) * halfwidth(sample.count, alpha, tightest)
    return Interval(sample.mean - width, sample.mean + width)


def of_difference(
    first: Sample, second: Sample, alpha: float, *, factor: float = 1.0, tightest: float = TIGHTEST
) -> Interval:
    """Where `first - factor · second` of the true means lies, at all times with 1 - α.

    With a factor of 0.8 it says whether the first is 20 % below the second, without a quotient: so
    a ratio of means is judged also where the second is near 0.
    """
    difference, error = _difference(first, second, factor)
    width = error * halfwidth(first.count + second.count, alpha, tightest) if error < inf else inf
    return Interval(difference - width, difference + width)


def below(first: Sample, second: Sample, alpha: float, factor: float = 1.0) -> bool:
    """Whether the first mean is certainly below `factor` times the second: one-sided."""
    difference, error = _difference(first, second, factor)
    return error < inf and difference + error * margin(first.count + second.count, alpha) < 0.0


def above(first: Sample, second: Sample, alpha: float, factor: float = 1.0) -> bool:
    """Whether the first mean is certainly above `factor` times the second: one-sided."""
    difference, error = _difference(first, second, factor)
    return error < inf and difference - error * margin(first.count + second.count, alpha) > 0.0


def _difference(first: Sample, second: Sample, factor: float) -> tuple[float, float]:
    """The difference, and its standard error times √(all values): what one value's deviation is of
    a mean. Infinite with fewer than two values of either.

    A few values may all be alike by chance: neither arm's variance is taken for less than that of
    both together.
    """
    if first.count < 2 or second.count < 2:
        return first.mean - factor * second.mean, inf
    together = ((first.count - 1) * first.variance + (second.count - 1) * second.variance) / (
        first.count + second.count - 2
    )
    ones, others = max(first.variance, together), max(second.variance, together)
    squared = ones / first.count + factor * factor * others / second.count
    return first.mean - factor * second.mean, sqrt(squared * (first.count + second.count))
