"""A template's check with a bound of its own, simulated on healthy and on worse candidates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from functions.metrics.measures import PARTS, Measure
from functions.rollouts.checking import checks
from functions.rollouts.evidence import Seen
from functions.rollouts.own import AVAILABILITY
from functions.rollouts.templates import TEMPLATES
from functions.rollouts.verdict import Kind, Situation
from functions.rollouts.watched import Stretch

CANARY = replace(
    TEMPLATES["canary"],
    checks=tuple(each for each in TEMPLATES["canary"].checks if each.metric == AVAILABILITY),
)
SHARE, A_MINUTE, HOURS = 0.25, 600, 6
LOOKED_BACK = 120
"""Minutes that are kept one by one."""


def rolled_back_after(rng: np.random.Generator, candidate: float, control: float) -> int | None:
    """The minute in which a candidate that fails so often is taken back, at 10 requests a second
    of users who come once."""
    minutes = HOURS * 60
    arms = []
    for share, failing in ((SHARE, candidate), (1 - SHARE, control)):
        asked = rng.poisson(A_MINUTE * share, minutes)
        arms.append((asked, rng.binomial(asked, failing)))
    stretches = [
        Stretch(60 * each, 60 * each + 60, *(_answered(*arm, each) for arm in arms))
        for each in range(minutes)
    ]
    for now in range(3, minutes + 1):
        trail = tuple(reversed(stretches[max(0, now - LOOKED_BACK) : now]))
        seconds = 60.0 * now
        verdict = checks(CANARY, Situation(Seen(trail=trail), SHARE, seconds, 1.0, seconds))
        if verdict and verdict.kind is Kind.FAIL:
            return now
    return None


def _answered(
    asked: npt.NDArray[np.int64], failed: npt.NDArray[np.int64], minute: int
) -> dict[str, Measure]:
    count, well = int(asked[minute]), int(asked[minute] - failed[minute])
    return {AVAILABILITY: Measure(count, PARTS * well, PARTS * PARTS * well)}


def test_a_candidate_as_healthy_as_its_control_is_left_alone() -> None:
    """Its bad minutes in a row are bad by chance, however near the bound both are."""
    rng = np.random.default_rng(3)
    for failing in (0.005, 0.007, 0.009):
        found = [rolled_back_after(rng, failing, failing) for _ in range(12)]
        assert found == [None] * 12


def test_one_that_fails_more_often_is_taken_back() -> None:
    rng = np.random.default_rng(4)
    found = [rolled_back_after(rng, 0.05, 0.005) for _ in range(12)]
    assert max(minute or HOURS * 60 for minute in found) <= 20
