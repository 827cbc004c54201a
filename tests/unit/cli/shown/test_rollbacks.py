"""What people read of rollbacks, and what the verbs ask."""

from __future__ import annotations

from typing import Any

import pytest

from cli.shown import rollbacks as shown
from tests.unit.cli.conftest import Answering

FLAG: dict[str, Any] = {
    "flag": "stories.version",
    "revision_before": 3,
    "differences": [],
}
ROLLBACK: dict[str, Any] = {
    "id": "r-0123456789ab",
    "flag": "stories.version",
    "service": "stories",
    "control": "1.2.0",
    "candidate": "1.3.0",
    "percentage": 10.0,
    "at": 1_800_000_060.0,
    "by": "machine:tick",
    "reason": "",
    "verdict": {"sentence": "Rolled back: 6 users hit errors."},
    "generation_before": 6,
    "generation": 7,
    "quarantined": True,
    "status": "ok",
    "incidents": ["i-0123456789ab"],
    "checks": [{"name": "snapshot", "status": "ok", "english": "Generation 7 is published."}],
    "flags": [FLAG],
}


def test_a_list() -> None:
    assert shown.rollbacks([ROLLBACK]).splitlines()[1] == (
        "r-0123456789ab  2027-01-15 08:01:00  stories.version  1.3.0 -> 1.2.0  10 %   "
        "machine:tick  ok        -"
    )
    assert shown.rollbacks([]) == "No rollbacks yet."


def test_one() -> None:
    text = shown.rollback(ROLLBACK)
    assert text.startswith("r-0123456789ab  stories.version: 1.3.0 -> 1.2.0\n")
    assert "Rolled back: 6 users hit errors." in text
    assert "snapshot  ok      Generation 7 is published." in text
    assert text.endswith("stories.version: exactly as before the rollout.")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param({"revision_before": None}, "nobody noted what it was", id="unknown"),
        pytest.param(
            {"differences": [{"path": "$.owner", "after": "ada"}]},
            '  $.owner: nothing -> "ada"',
            id="different",
        ),
    ],
)
def test_what_became_of_a_flag(change: dict[str, Any], told: str) -> None:
    assert told in shown.rollback({**ROLLBACK, "flags": [{**FLAG, **change}]})


@pytest.mark.parametrize(("status", "code"), [("ok", 0), ("pending", 0), ("failed", 1)])
def test_the_verbs(server: Answering, status: str, code: int) -> None:
    server.answers = [(200, {"rollbacks": [ROLLBACK]}), (200, {**ROLLBACK, "status": status})]
    assert server.say("rollbacks", "list") == 0
    assert server.say("rollbacks", "show", "r-1") == code
    assert [path for _, path, _, _ in server.asked] == [
        "/api/admin/v1/rollbacks",
        "/api/admin/v1/rollbacks/r-1",
    ]
