"""A backtest is the controller's own looks, on minutes that were recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from functions.metrics.tally import Tally
from functions.metrics.windows import MINUTE_SECONDS, Window
from functions.rollouts.backtest import LEFT_OUT, Question, backtest
from functions.rollouts.check import Check
from functions.rollouts.plan import Criteria, Plan, Stage

SINCE, HOUR = 1_800_000_000, 3_600
PLAN = Plan(
    "p",
    (Stage(10, 600, 7_200), Stage(50, 600, 7_200)),
    watch_seconds=600,
    criteria=Criteria(100),
)
ASKED = Question(PLAN, "stories", "1.2.0", "1.3.0", SINCE, SINCE + HOUR)
Failures = Callable[[int], int]


def served(requests: int, failures: int, prefix: str) -> Tally:
    users = frozenset(f"{prefix}{number:03d}" for number in range(failures))
    causes = {"candidate": failures} if failures else {}
    return Tally(requests=requests, failures=failures, causes=causes, users_failing=users)


def minutes(candidate: Failures, control: Failures = lambda _: 3, count: int = 60) -> list[Window]:
    """60 requests a minute on the candidate, 540 on the control; so many of them fail."""
    return [
        Window(SINCE + n * MINUTE_SECONDS, MINUTE_SECONDS, "stories", version, 7, tally)
        for n in range(count)
        for version, tally in (
            ("1.3.0", served(60, candidate(n), f"c{n}-")),
            ("1.2.0", served(540, control(n), f"b{n}-")),
            ("1.3.0+claimed", served(60, 60, f"f{n}-")),
        )
    ]


def kinds(windows: list[Window], asked: Question = ASKED) -> list[tuple[str, float]]:
    found = backtest(asked, windows)
    assert found
    return [(step.move.kind, step.at - SINCE) for step in found.steps]


def test_a_healthy_version_would_have_gone_all_the_way() -> None:
    assert kinds(minutes(lambda n: n % 3 == 0)) == [
        ("started", 0),
        ("advanced", 600),
        ("watching", 1_200),
        ("succeeded", 1_800),
    ]


def test_a_version_that_fails_would_have_been_taken_back() -> None:
    found = backtest(ASKED, minutes(lambda n: 30 if n >= 5 else 0))
    assert found
    last = found.steps[-1]
    assert (last.move.kind, last.at - SINCE) == ("rolled_back", 360)
    assert last.move.verdict
    assert last.move.verdict.rule == "evidence"
    assert found.last is None


def test_trouble_of_both_would_have_paused() -> None:
    steps = kinds(minutes(lambda n: 6 if n >= 5 else 0, lambda n: 54 if n >= 5 else 0))
    assert steps[-1][0] == "paused"


def test_versions_are_compared_by_what_arrived() -> None:
    found = backtest(ASKED, minutes(lambda _: 0))
    assert found
    assert found.share == pytest.approx(0.1)
    assert (found.served.candidate.served, found.served.control.served) == (3_600, 32_400)
    assert all(step.rollout.percentage in (10.0, 100.0) for step in found.steps)


def test_a_share_that_is_known_counts() -> None:
    asked = replace(ASKED, share=0.5)
    assert kinds(minutes(lambda _: 1, lambda _: 3), asked)[-1][0] == "succeeded"


def test_what_lies_outside_of_the_time_is_left_out() -> None:
    bad_later = minutes(lambda n: 60 if n >= 30 else 0)
    found = backtest(replace(ASKED, until=SINCE + 1_000), bad_later)
    assert found
    assert [step.move.kind for step in found.steps] == ["started", "advanced"]
    assert found.last
    assert found.last.verdict.rule == "time"


def test_nothing_recorded_of_the_candidate() -> None:
    only_control = [each for each in minutes(lambda _: 0) if each.version != "1.3.0"]
    assert backtest(ASKED, only_control) is None


def test_the_order_of_the_windows_says_nothing() -> None:
    recorded = minutes(lambda n: 30 if n >= 9 else 0)
    assert kinds(recorded[::-1]) == kinds(recorded)


def test_without_a_control_it_is_compared_with_what_was_before() -> None:
    alone = [each for each in minutes(lambda n: 6 if n >= 20 else 0) if each.version == "1.3.0"]
    before = [
        Window(SINCE - (n + 1) * HOUR, HOUR, "stories", "1.2.0", 0, Tally(requests=9_000))
        for n in range(5)
    ]
    plan = replace(PLAN, stages=(Stage(100, 600, 7_200),), holdback=0.0, watch_seconds=7_200)
    found = backtest(replace(ASKED, plan=plan), alone, before)
    assert found
    assert found.share == 1.0
    assert found.steps[-1].move.kind == "rolled_back"


def test_what_minutes_cannot_tell_decides_nothing() -> None:
    """Slow requests without known users, the error budget, approvals, health."""
    recorded = [
        replace(
            each,
            tally=replace(
                each.tally,
                above={"2000": each.tally.requests // (3 if each.version == "1.3.0" else 20)},
            ),
        )
        for each in minutes(lambda _: 0)
    ]
    before = [
        Window(
            SINCE - (n + 1) * HOUR,
            HOUR,
            "stories",
            "1.2.0",
            0,
            Tally(requests=9_000, above={"1000": 900, "2000": 300}),
        )
        for n in range(5)
    ]
    stages = tuple(replace(stage, approval=True) for stage in PLAN.stages)
    plan = replace(
        PLAN,
        stages=stages,
        criteria=Criteria(100, budget=0.25),
        checks=(Check("health", below=0.9),),
    )
    found = backtest(replace(ASKED, plan=plan), recorded, before)
    assert found
    assert [each.move.kind for each in found.steps][-1] == "succeeded"
    assert set(LEFT_OUT) >= {"latency", "budget", "approvals", "alerts", "health"}
