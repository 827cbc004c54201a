"""What people read of what is left of a rollout, and what the verbs ask."""

from __future__ import annotations

from typing import Any

import pytest

from cli.shown import completion as shown
from tests.unit.cli.conftest import Answering

COMPLETION: dict[str, Any] = {
    "id": "r-1",
    "phase": "rolled_back",
    "left": ["flags", "lessons"],
    "flags": [
        {"flag": "f", "became": "left", "last_evaluated_at": 1_800_000_000.0, "hindrance": None}
    ],
    "rollback": "ok",
    "archived_through": 1_800_000_000,
    "archived": False,
    "lessons": None,
}
SUM = {"requests": 100, "failures": 2, "mean_ms": 912.4, "p95_ms": None}
ARCHIVE: dict[str, Any] = {
    "id": "r-1",
    "through": 1_800_000_000,
    "done": False,
    "stretches": [
        {
            "stage": 0,
            "within": "baking",
            "percentage": 10.0,
            "since": 1_799_990_000.0,
            "arms": {"control": SUM, "candidate": SUM},
        }
    ],
    "hours": [{}, {}],
}


def test_what_is_left() -> None:
    text = shown.completion(COMPLETION)
    assert text.startswith("r-1 is rolled back.\n  Left: temporary flags are left")
    assert "f         is temporary, and left, last asked for 2027-01-15 08:00:00" in text
    assert "archived  up to 2027-01-15 08:00:00" in text


def test_nothing_is_left() -> None:
    lessons = {"text": "Read the endings.", "by": "person:a", "at": 1.0}
    text = shown.completion({**COMPLETION, "left": [], "archived": True, "lessons": lessons})
    assert "Nothing is left to do." in text
    assert "lessons   Read the endings." in text


@pytest.mark.parametrize("name", ["end", "verification", "flags", "archive", "lessons"])
def test_all_that_may_be_left_has_words(name: str) -> None:
    assert f"Left: {shown.LEFT[name]}." in shown.completion({**COMPLETION, "left": [name]})


def test_why_a_flag_can_not_be_archived_now() -> None:
    flag = {**COMPLETION["flags"][0], "hindrance": "The flag f is killed."}
    text = shown.completion({**COMPLETION, "flags": [flag]})
    assert "last asked for 2027-01-15 08:00:00. The flag f is killed." in text


def test_flags_that_were_removed(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    archived = {"flag": "f", "became": "archived", "last_evaluated_at": None, "hindrance": None}
    kept = {**archived, "flag": "stories.version", "became": "version"}
    rollout = {
        "id": "r-1",
        "phase": "succeeded",
        "percentage": 0.0,
        "flag": "f",
        "control": "a",
        "candidate": "b",
    }
    answer = {"generation": 8, "flags": [archived, kept], "warning": "flagd fetched them."}
    server.answers = [(200, answer), (200, {**answer, "rollout": rollout})]
    assert server.say("rollout", "remove-flags", "r-1", "--force", "--reason", "y") == 0
    assert capsys.readouterr().out.splitlines() == [
        "  f                is archived",
        "  stories.version  is to stay: it says which version users get",
        "flagd fetched them.",
        "Generation 8 is being served.",
    ]
    assert server.say("rollout", "complete", "r-1", "--remove-flags", "--reason", "y") == 0
    assert "f                is archived" in capsys.readouterr().out
    assert [(path, body) for _, path, body, _ in server.asked] == [
        ("/api/admin/v1/rollouts/r-1/remove-flags", {"reason": "y", "force": True}),
        ("/api/admin/v1/rollouts/r-1/complete", {"reason": "y", "remove_flags": True}),
    ]


def test_an_archive() -> None:
    first, _, head, candidate, control = shown.archive(ARCHIVE).splitlines()
    assert first == "r-1: up to 2027-01-15 08:00:00, 2 hours"
    assert head.startswith("STAGE     SHARE  SINCE (UTC)")
    assert candidate.split()[6:] == ["candidate", "100", "2", "912", "ms", "-"]
    assert "control" in control


def test_the_verbs(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    written = {"generation": 7, "lessons": {"text": "x", "by": "b", "at": 1.0}}
    server.answers = [(200, COMPLETION), (200, COMPLETION), (200, written), (200, ARCHIVE)]
    assert server.say("rollout", "completion", "r-1") == 0
    assert server.say("rollout", "lessons", "r-1") == 0
    assert "Nothing is written down yet." in capsys.readouterr().out
    assert server.say("rollout", "lessons", "r-1", "--text", "x", "--reason", "y") == 0
    assert server.say("rollout", "archive", "r-1") == 0
    assert [(method, path, body) for method, path, body, _ in server.asked] == [
        ("GET", "/api/admin/v1/rollouts/r-1/completion", None),
        ("GET", "/api/admin/v1/rollouts/r-1/completion", None),
        ("PUT", "/api/admin/v1/rollouts/r-1/lessons", {"text": "x", "reason": "y"}),
        ("GET", "/api/admin/v1/rollouts/r-1/archive", None),
    ]
