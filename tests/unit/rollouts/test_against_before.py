"""Where nobody is left on the control, users are compared with users, however many fail."""

from __future__ import annotations

import hashlib

import pytest

from functions.metrics.tally import EMPTY, USERS_CAP, Tally
from functions.metrics.windows import Arm, Window
from functions.rollouts.baseline import Baseline, freeze, tried_and_failing
from functions.rollouts.evidence import Both, Seen
from functions.rollouts.suspicion import evidence
from functions.rollouts.templates import TEMPLATES
from functions.rollouts.verdict import Situation, Verdict

PLAN = TEMPLATES["blue-green"]
HOUR, WEEK = 3_600, 168
RETRIES = 5


def tally(requests: int, users: int, tag: str) -> Tally:
    """So many users fail, each five times; as many are kept as ever are."""
    hashes = sorted(hashlib.sha256(f"{tag}{n}".encode()).hexdigest()[:16] for n in range(users))
    return Tally(
        requests=requests,
        failures=RETRIES * users,
        users_failing=frozenset(hashes[:USERS_CAP]),
    )


def usual(users_an_hour: int) -> Baseline:
    hours = [
        Window(HOUR * n, HOUR, "s", "1", 1, tally(36_000, users_an_hour, f"{n} "))
        for n in range(WEEK)
    ]
    return freeze(Arm("s", "1"), hours, (), float(WEEK * HOUR))


def found(candidate: Tally, frozen: Baseline) -> Verdict | None:
    seen = Seen(stage=Both(candidate, EMPTY))
    return evidence(PLAN, Situation(seen, 1.0, 60.0, 1_800.0, 60.0, frozen=frozen))


@pytest.mark.parametrize("users", [240, 255, 256, 257, 600, 2_000])
def test_as_many_users_as_before_take_nothing_back_when_their_set_is_full(users: int) -> None:
    assert found(tally(600 * users, users, "c"), usual(60)) is None


@pytest.mark.parametrize("users", [200, 300, 2_000])
def test_more_users_than_before_do(users: int) -> None:
    verdict = found(tally(150 * users, users, "c"), usual(60))
    assert verdict
    assert ("about" in verdict.sentence) == (users >= USERS_CAP)


def test_hours_with_a_full_set_count_users_as_well() -> None:
    assert usual(500).failing < 2 * 500 / 36_000


@pytest.mark.parametrize("users", [300, 1_000, 20_000])
def test_users_beyond_what_is_kept_are_estimated(users: int) -> None:
    failing, tried = tried_and_failing(tally(10 * users, users, "x"))
    assert failing == pytest.approx(users, rel=0.25)
    assert tried == 5 * users + failing
