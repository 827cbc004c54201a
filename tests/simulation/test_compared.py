"""Latency and errors without a control, simulated: what is found, when, and how often wrongly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import exp, log
from random import Random

from functions.metrics import ladder
from functions.metrics.distinct import Users
from functions.metrics.ladder import LADDER_MS
from functions.metrics.observation import Observation
from functions.metrics.tally import Tally, merge, merge_all, of
from functions.metrics.windows import Arm, Window
from functions.rollouts.baseline import Baseline, freeze
from functions.rollouts.evidence import Both, Seen
from functions.rollouts.latency import latency
from functions.rollouts.suspicion import evidence
from functions.rollouts.verdict import Situation
from tests.simulation.traffic import PLAN

MEDIAN_MS, SPREAD = 900.0, 0.5
RUNS = 15


def requests(random: Random, number: int, slower: float = 1.0, failing: float = 0.0) -> Tally:
    """So many, with durations of a log-normal and errors of different users."""
    above = dict.fromkeys(map(str, LADDER_MS), 0)
    for _ in range(number):
        for rung in ladder.of(slower * MEDIAN_MS * exp(random.gauss(0.0, SPREAD))):
            above[rung] += 1
    failed = [f"u{random.random()}" for _ in range(number) if random.random() < failing]
    return Tally(
        requests=number,
        failures=len(failed),
        users_failing=frozenset(failed),
        above={rung: count for rung, count in above.items() if count},
    )


def usual(random: Random, failing: float = 0.0) -> Baseline:
    """Two days of hours."""
    hours = [
        Window(3600 * number, 3600, "s", "1", 0, requests(random, 300, 1.0, failing))
        for number in range(48)
    ]
    return freeze(Arm("s", "1"), hours, (), 3600.0 * 48)


def found_after(random: Random, share: float, slower: float, failing: float, most: int) -> int:
    """Seconds until the candidate is taken back, at 10 requests a second; 0 when it isn't."""
    frozen, both = usual(random, 0.01), Both()
    for seconds in range(10, most + 10, 10):
        both = Both(
            merge(both.candidate, requests(random, round(100 * share), slower, failing)),
            merge(both.control, requests(random, round(100 * (1 - share)), 1.0, 0.01)),
        )
        situation = Situation(
            Seen(both), share, elapsed=seconds, needed=0.0, since_shift=seconds, frozen=frozen
        )
        if latency(PLAN, situation) or evidence(PLAN, situation):
            return seconds
    return 0


def test_fifty_percent_slower_is_found_in_two_minutes() -> None:
    found = sorted(found_after(Random(seed), 0.1, 1.5, 0.01, 900) for seed in range(RUNS))
    assert found[0] > 0
    assert found[RUNS // 2] <= 120


def test_without_a_control_slowness_and_errors_are_found_as_well() -> None:
    for slower, failing in ((1.5, 0.01), (1.0, 0.05)):
        found = [found_after(Random(seed), 1.0, slower, failing, 900) for seed in range(4)]
        assert min(found) > 0
        assert sorted(found)[2] <= 90


def test_what_is_as_before_is_left_alone() -> None:
    """With a control and without one, 40 minutes of each in all."""
    for share in (0.1, 1.0):
        assert not any(found_after(Random(seed), share, 1.0, 0.01, 600) for seed in range(4))


def test_the_simulated_durations_are_what_is_meant() -> None:
    frozen = usual(Random(1))
    assert list(frozen.slow) == [1_000, 2_000, 3_000]
    assert abs(frozen.slow[2_000] - 0.055) < 0.02
    assert log(MEDIAN_MS) < log(1_000)


def test_one_user_who_asks_often_and_waits_long_takes_nothing_back() -> None:
    """Of 50 others as many wait as on the control."""
    frozen = Baseline(0.0, 7_200.0, 10_000, 0.01, {2_000: 0.2, 3_000: 0.1, 5_000: 0.04})
    everybody = Users(frozenset(range(450)))
    of_control = Tally(requests=450, users=everybody, above={"2000": 90, "3000": 45, "5000": 18})
    for often in (10, 20, 40, 100):
        situation = Situation(
            Seen(Both(waited({"heavy": often}), of_control)), 0.1, 600.0, 0.0, 600.0, frozen=frozen
        )
        assert latency(PLAN, situation) is None
    many = waited({f"u{number}": 1 for number in range(40)})
    assert latency(PLAN, replace(situation, seen=Seen(Both(many, of_control)))) is not None


def waited(slow: Mapping[str, int]) -> Tally:
    """What 50 users did, of whom ten waited, and how often these had to wait longest."""
    usual = [(f"usual{n}", 2_500.0 if n < 5 else 3_500.0 if n < 8 else 6_000.0) for n in range(10)]
    waits = [*usual, *((user, 6_000.0) for user, times in slow.items() for _ in range(times))]
    fast = [(f"fast{number}", 100.0) for number in range(40)]
    return merge_all(
        of(Observation("s", "2", 1, 1.0, duration, "OK", "none", user))
        for user, duration in [*waits, *fast]
    )
