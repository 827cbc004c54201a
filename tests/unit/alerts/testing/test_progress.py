"""How far a test has come, from what was found of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.alerts.testing.progress import (
    LATE_SECONDS,
    Happened,
    Opened,
    Sent,
    Status,
    progress,
)
from functions.alerts.testing.synthetic import AlertTest

TEST = AlertTest("t1", "p1-memory", "stories", 100.0, 90.0, 500.0)
CHANGES = [Happened(110.0, "firing"), Happened(330.0, "resolved")]
INCIDENT = Opened("i-1", 110.0, 330.0)
SENT = [
    Sent("trigger", "log", "delivered", 1, 111.0, ""),
    Sent("trigger", "pager", "delivered", 3, 141.0, ""),
    Sent("resolve", "log", "delivered", 1, 331.0, ""),
    Sent("resolve", "pager", "delivered", 1, 332.0, ""),
]


def test_all_the_way() -> None:
    found = progress(TEST, CHANGES, INCIDENT, SENT, 400.0)
    assert found.status is Status.PASSED
    assert [stage.at for stage in found.stages] == [100, 110, 110, 141, 330, 330, 332]
    assert found.stages[3].what == "log delivered, pager delivered after 3 attempts"


@pytest.mark.parametrize(
    ("changes", "incident", "sent", "done"),
    [
        ([], None, [], 1),
        (CHANGES[:1], None, [], 2),
        (CHANGES[:1], replace(INCIDENT, resolved_at=None), [], 3),
        (CHANGES[:1], replace(INCIDENT, resolved_at=None), SENT[:2], 4),
        (CHANGES, replace(INCIDENT, resolved_at=None), SENT[:2], 5),
        (CHANGES, INCIDENT, SENT[:2], 6),
        (CHANGES, INCIDENT, [*SENT[:3], replace(SENT[3], status="due")], 6),
    ],
)
def test_on_the_way(
    changes: list[Happened], incident: Opened | None, sent: list[Sent], done: int
) -> None:
    found = progress(TEST, changes, incident, sent, 400.0)
    assert found.status is Status.RUNNING
    assert sum(stage.at is not None for stage in found.stages) == done
    late = progress(TEST, changes, incident, sent, TEST.ends_at + LATE_SECONDS)
    assert late.status is Status.FAILED


def test_a_channel_that_gave_up_is_a_failure_and_says_why() -> None:
    dead = replace(SENT[1], status="dead", reason="410")
    found = progress(TEST, CHANGES[:1], INCIDENT, [SENT[0], dead], 200.0)
    assert found.status is Status.FAILED
    assert found.stages[3].what == "log delivered, pager dead after 3 attempts: 410"


@pytest.mark.parametrize(
    ("sent", "only_log"),
    [([], False), (SENT, False), (SENT[::2], True), ([SENT[0], SENT[3]], False)],
)
def test_whether_only_the_log_was_told(sent: list[Sent], only_log: bool) -> None:
    assert progress(TEST, CHANGES, INCIDENT, sent, 400.0).only_log is only_log


def test_an_alert_that_is_silenced_says_so() -> None:
    found = progress(TEST, [Happened(110.0, "silenced")], None, [], 200.0)
    assert (found.stages[1].at, found.stages[1].what) == (None, "silenced")
