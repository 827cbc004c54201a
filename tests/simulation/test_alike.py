"""Values of users who are unlike each other, compared between the arms, simulated."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from functions.metrics.distinct import Users
from functions.metrics.measures import PARTS, Measure
from functions.metrics.tally import Tally
from functions.rollouts.check import Check
from functions.rollouts.checking import comparisons
from functions.rollouts.evidence import Both, Seen
from functions.rollouts.plan import Plan, Stage
from functions.rollouts.verdict import Kind, Situation

PLAN = Plan(
    "p", (Stage(10, 3_600, 7_200), Stage(100, 3_600, 7_200)), checks=(Check("roi", fall=0.2),)
)
LOOKS, A_LOOK = 12, 3_000


def taken_back(seed: int, mean: float, people: int) -> bool:
    """Within an hour at 10 requests a second, each with a value of its user's own kind."""
    rng = np.random.default_rng(seed)
    kind, asks = rng.normal(0.0, 0.7, people), rng.lognormal(0.0, 1.0, people)
    mine, arms = rng.random(people) < 0.1, [Tally(), Tally()]
    who = rng.choice(people, LOOKS * A_LOOK, p=asks / asks.sum())
    values = np.where(mine[who], mean, 1.0) + kind[who] + rng.normal(0.0, 0.7, len(who))
    for look in range(1, LOOKS + 1):
        some, theirs = values[: look * A_LOOK], who[: look * A_LOOK]
        arms = [
            _tally(some[mine[theirs] == arm], theirs[mine[theirs] == arm]) for arm in (True, False)
        ]
        situation = Situation(Seen(Both(*arms)), 0.1, 3_600.0, 1.0, 3_600.0)
        verdict = comparisons(PLAN, situation)
        if verdict:
            return verdict.kind is Kind.FAIL
    return False


def _tally(values: npt.NDArray[np.float64], who: npt.NDArray[np.int64]) -> Tally:
    parts = np.rint(values * PARTS)
    measure = Measure(len(values), int(parts.sum()), int((parts**2).sum()))
    users = Users(frozenset(np.unique(who).tolist()))
    return Tally(requests=len(values), users=users, measures={"roi": measure})


@pytest.mark.parametrize("people", [500, 2_000])
def test_a_candidate_as_good_as_its_control_is_left_alone(people: int) -> None:
    assert not any(taken_back(seed, 1.0, people) for seed in range(40))


def test_a_loss_is_found_all_the_same() -> None:
    assert sum(taken_back(seed, 0.0, 5_000) for seed in range(10)) == 10
