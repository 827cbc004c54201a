"""The promise of the e-process, tried: a healthy candidate is suspected with at most α."""

from __future__ import annotations

from math import log, sqrt
from random import Random

import pytest

from functions.stats.e_process import Failing, log_e_value, log_evidence

ALPHA = 0.05
RUNS = 200
FAILING = 250


def binomial_allowance(runs: int, rate: float) -> float:
    """Three standard deviations of a share."""
    return 3 * sqrt(rate * (1 - rate) / runs)


def ever_suspected(random: Random, shares: tuple[float, ...], worse: float) -> bool:
    """Whether the evidence ever reaches 1/α, looked at after every failing user of every stage."""
    closed: list[float] = []
    for share in shares:
        candidate = control = 0
        truth = worse * share / (worse * share + 1 - share)
        for _ in range(FAILING // len(shares)):
            if random.random() < truth:
                candidate += 1
            else:
                control += 1
            stage = log_e_value(Failing(candidate, control, share))
            if log_evidence([*closed, stage], len(shares)) >= -log(ALPHA):
                return True
        closed.append(stage)
    return False


@pytest.mark.parametrize(
    "shares",
    [
        pytest.param((0.1,), id="a canary of 10 percent"),
        pytest.param((0.01,), id="a canary of 1 percent"),
        pytest.param((0.1, 0.5, 0.95), id="a whole ramp"),
    ],
)
def test_false_alarms(shares: tuple[float, ...]) -> None:
    alarms = sum(ever_suspected(Random(seed), shares, 1.0) for seed in range(RUNS))
    assert alarms / RUNS <= ALPHA + binomial_allowance(RUNS, ALPHA)


def suspected_by_the_same_users(random: Random, users: int, shares: tuple[float, ...]) -> bool:
    """In each stage the same users fail, as those do who ask most often: each in another order,
    and on the side of the split that is theirs."""
    buckets = [random.random() for _ in range(users)]
    closed: list[float] = []
    for share in shares:
        random.shuffle(buckets)
        candidate = control = 0
        stage = 0.0
        for bucket in buckets:
            candidate, control = candidate + (bucket < share), control + (bucket >= share)
            stage = log_e_value(Failing(candidate, control, share))
            if log_evidence([*closed, stage], len(shares)) >= -log(ALPHA):
                return True
        closed.append(stage)
    return False


def test_users_who_fail_in_every_stage_are_no_evidence_in_each_anew() -> None:
    shares = (0.3, 0.35, 0.4, 0.45)
    alarms = sum(suspected_by_the_same_users(Random(seed), 100, shares) for seed in range(RUNS))
    assert alarms / RUNS <= ALPHA + binomial_allowance(RUNS, ALPHA)


def test_finds_three_times_as_many_failing_users() -> None:
    found = sum(ever_suspected(Random(seed), (0.1, 0.5), 3.0) for seed in range(100))
    assert found >= 99
