"""Did as many users arrive in each arm as the split explains? To be asked at any time.

A sequential test of the sample ratio, as Lindon and Malek (NeurIPS 2022) give it for exposures: the
beta-binomial e-process, once for too many in the candidate's arm and once for too few, half of the
bet on each. Under a split that is as planned, each distinct user who arrives is the candidate's
with the probability of its share; so the e-value reaches 1/α with a probability of at most α in a
stage's whole life, however often one looks (Ville's inequality).

Users are counted in samples: at level L one in 2**L, drawn by a hash that the split knows nothing
of. Between samples of different levels the odds of the split shift by the levels' difference, and
the test stays exact. As users arrive levels rise, and each pair of levels is a test of its own: α
is shared out among all of them beforehand (a union bound), the more to those that the split makes
likely, so what a pair says needs no memory of those before.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, log1p, log2

from functions.stats.e_process import Failing, log_e_value


@dataclass(frozen=True, slots=True)
class Sampled:
    """Distinct users of one arm in a sample: one in 2**level of all."""

    users: int
    level: int = 0

    @property
    def estimate(self) -> int:
        return self.users << self.level


def log_mismatch(candidate: Sampled, control: Sampled, share: float) -> float:
    """Natural logarithm of the e-value against the candidate's planned `share` (0..1), with what
    its pair of levels has of α taken off; 0 where there is nothing to compare.
    """
    if not 0.0 < share < 1.0:
        return 0.0
    many = share * 0.5**candidate.level
    few = (1.0 - share) * 0.5**control.level
    sampled = many / (many + few)
    counted = Failing(candidate.users, control.users, sampled)
    mirrored = Failing(control.users, candidate.users, 1.0 - sampled)
    both = _log_mean(log_e_value(counted), log_e_value(mirrored))
    return both + log(part_of_alpha(candidate.level, control.level, share))


def arrived_share(candidate: Sampled, control: Sampled) -> float:
    """The candidate's share of the users who arrived; 0 without any."""
    every = candidate.estimate + control.estimate
    return candidate.estimate / every if every else 0.0


def part_of_alpha(candidate: int, control: int, share: float) -> float:
    """Of α, what a pair of levels has; all pairs together 1.

    1/2, 1/6, 1/12, … for the lower level 0, 1, 2, …; of that a third for the difference that the
    split makes, and half as much for each level more or less.
    """
    lower = min(candidate, control)
    likely = round(log2((1.0 - share) / share))
    off = abs(control - candidate - likely)
    return 1.0 / ((lower + 1) * (lower + 2)) / 3.0 * 0.5**off


def _log_mean(one: float, other: float) -> float:
    high, low = max(one, other), min(one, other)
    return high + log1p(exp(low - high)) - log(2.0)
