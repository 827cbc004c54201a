"""The demo's own judgement: what it counts, and when it says that something is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from local.demo.summary import Recorded, problems, summarize
from local.demo.traffic import UNKNOWN, Call

BEGAN = 1_000.0
ROLLED_BACK = {
    "second": 20.0,
    "rollout": "1.3.0",
    "kind": "rolled_back",
    "percentage": 0.0,
    "sentence": "",
}
SUCCEEDED = {**ROLLED_BACK, "second": 90.0, "rollout": "1.4.0", "kind": "succeeded"}
RECORDED = Recorded(BEGAN, (ROLLED_BACK, SUCCEEDED), True, 12, 40, 0)


def call(second: float, version: str = "1.2.0", code: str = "OK", uid: str = "a") -> Call:
    return Call(BEGAN + second - 0.2, BEGAN + second, uid, version, code)


STABLE = [call(second / 10) for second in range(400)]
BAD = [call(10.0, "1.3.0", "OPENAI_ERROR"), call(21.5, "1.3.0", "OPENAI_ERROR", "b")]
GOOD = [call(60.0, "1.4.0")]


def told(calls: list[Call] | None = None, recorded: Recorded = RECORDED) -> dict[str, Any]:
    return summarize(
        calls if calls is not None else [*STABLE, *BAD, *GOOD], "1.3.0", "1.4.0", 240, recorded
    )


def test_times_count_from_the_first_failed_request() -> None:
    summary = told()
    assert summary["seconds_to_decision"] == 10.0
    assert summary["seconds_to_last_bad_request"] == 11.5
    assert summary["bad_users"] == 2
    assert problems(summary) == []


def test_a_failure_of_unknown_version_counts_for_the_stable_one() -> None:
    summary = told([*STABLE, *BAD, *GOOD, call(5.0, UNKNOWN, "ReadTimeout")])
    assert summary["stable_failures"] == 1
    assert problems(summary) == ["1 requests of users on the stable version failed."]


@pytest.mark.parametrize(
    ("recorded", "calls", "expected"),
    [
        pytest.param(
            replace(RECORDED, transitions=(SUCCEEDED,)), None, "not rolled back", id="no rollback"
        ),
        pytest.param(
            RECORDED,
            [*STABLE, *BAD, *GOOD, call(71.0, "1.3.0")],
            "60 s are allowed",
            id="a late request of the bad version",
        ),
        pytest.param(RECORDED, [*STABLE[:200], *BAD, *GOOD], "Only 200", id="too few requests"),
        pytest.param(
            replace(RECORDED, transitions=(ROLLED_BACK,)), None, "not released", id="not released"
        ),
        pytest.param(replace(RECORDED, points=0), None, "Nothing reached", id="no points"),
        pytest.param(replace(RECORDED, points_refused=3), None, "3 points", id="refused points"),
        pytest.param(replace(RECORDED, audit_verified=False), None, "audit", id="broken trail"),
        pytest.param(
            RECORDED,
            [*STABLE, *BAD, *GOOD, call(61, "1.4.0", "TIMEOUT")],
            "1 requests of 1.4.0 failed",
            id="the good version fails",
        ),
    ],
)
def test_what_is_wrong_is_said(recorded: Recorded, calls: list[Call] | None, expected: str) -> None:
    assert any(expected in problem for problem in problems(told(calls, recorded)))


def test_without_a_failure_there_is_nothing_to_count_from() -> None:
    summary = told([*STABLE, *GOOD])
    assert summary["seconds_to_last_bad_request"] is None
    assert problems(summary)
