"""The sample ratio over the life of stages, as samples keep it: how often a sound split is doubted,
and after how many users one that is off is found."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy
import pytest

from functions.metrics.distinct import BITS, KEPT
from functions.stats.sample_ratio import Sampled, log_mismatch

LOOKS = [round(200 * 1.15**n) for n in range(45)]
"""Users at each look: from 200 to 94,000."""


@dataclass
class Stages:
    """Many stages of one kind, looked at as their users arrive."""

    planned: float
    arriving: float
    seed: int = 6

    def found(self, alpha: float, number: int) -> list[int | None]:
        """After how many users each of the stages was doubted."""
        random = numpy.random.default_rng(self.seed)
        return [self._one(random, math.log(1 / alpha)) for _ in range(number)]

    def _one(self, random: numpy.random.Generator, needed: float) -> int | None:
        ranks = random.integers(0, 2**BITS, LOOKS[-1])
        candidate = random.random(LOOKS[-1]) < self.arriving
        for users in LOOKS:
            seen, theirs = ranks[:users], candidate[:users]
            mismatch = log_mismatch(_sampled(seen[theirs]), _sampled(seen[~theirs]), self.planned)
            if mismatch >= needed:
                return users
        return None


def _sampled(ranks: numpy.ndarray) -> Sampled:
    level = 0
    while len(ranks) > KEPT:
        level += 1
        ranks = ranks[ranks < 1 << (BITS - level)]
    return Sampled(len(ranks), level)


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_a_sound_split_is_doubted_at_most_so_often(share: float) -> None:
    found = Stages(share, share).found(alpha=0.05, number=80)
    doubted = sum(each is not None for each in found) / len(found)
    assert doubted < 0.05 + 3 * (0.05 * 0.95 / len(found)) ** 0.5


@pytest.mark.parametrize(
    ("planned", "arriving", "users"),
    [(0.1, 0.06, 5_000), (0.1, 0.15, 5_000), (0.5, 0.42, 5_000), (0.25, 0.18, 10_000)],
    ids=["6 for 10", "15 for 10", "42 for 50", "18 for 25"],
)
def test_a_split_that_is_off_is_found(planned: float, arriving: float, users: int) -> None:
    """In most stages after so many users, and in all of them in the end."""
    found = [each or math.inf for each in Stages(planned, arriving).found(alpha=0.001, number=30)]
    assert sorted(found)[15] <= users
    assert max(found) < math.inf
