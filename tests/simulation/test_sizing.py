"""How long a rise takes to be seen, as said beforehand and as it is when it is tried."""

from __future__ import annotations

from math import log
from random import Random
from statistics import median

import pytest

from functions.stats.e_process import Failing, log_e_value
from functions.stats.sizing import LEAST_USERS, seconds_to_see, seconds_without_control

ALPHA = 0.01
RUNS = 200
PER_SECOND = 10.0


def seconds_tried(random: Random, share: float, control: float, candidate: float) -> float:
    """Looked at after every failing user."""
    failing = share * candidate + (1 - share) * control
    theta = share * candidate / failing
    seconds, counts = 0.0, [0, 0]
    while True:
        seconds += random.expovariate(PER_SECOND * failing)
        counts[random.random() >= theta] += 1
        weight = log_e_value(Failing(counts[0], counts[1], share))
        if counts[0] >= LEAST_USERS and weight >= -log(ALPHA):
            return seconds


@pytest.mark.parametrize(
    ("share", "control", "candidate"),
    [
        pytest.param(0.05, 0.01, 0.05, id="a small canary, five times as many"),
        pytest.param(0.1, 0.01, 0.02, id="twice as many"),
        pytest.param(0.1, 0.01, 0.05, id="five times as many"),
        pytest.param(0.5, 0.01, 0.05, id="at half"),
        pytest.param(0.95, 0.01, 0.05, id="beside a holdback"),
    ],
)
def test_a_rise_is_seen_when_it_was_said_to_be(
    share: float, control: float, candidate: float
) -> None:
    said = seconds_to_see(
        requests_per_second=PER_SECOND,
        share=share,
        control=control,
        candidate=candidate,
        log_needed=-log(ALPHA),
    )
    assert said is not None
    tried = median(seconds_tried(Random(run), share, control, candidate) for run in range(RUNS))
    assert 0.75 * said <= tried <= 1.3 * said


def requests_tried(random: Random, usual: float, candidate: float) -> int:
    failed, requests = 0, 0
    while True:
        requests += 1
        failed += random.random() < candidate
        if failed < LEAST_USERS:
            continue
        if log_e_value(Failing(failed, requests - failed, usual)) >= -log(ALPHA):
            return requests


def test_without_a_control_too() -> None:
    said = seconds_without_control(
        requests_per_second=PER_SECOND, usual=0.01, candidate=0.05, log_needed=-log(ALPHA)
    )
    assert said is not None
    tried = median(requests_tried(Random(run), 0.01, 0.05) for run in range(RUNS)) / PER_SECOND
    assert 0.7 * said <= tried <= 1.4 * said
