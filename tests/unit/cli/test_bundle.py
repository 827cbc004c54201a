"""What every verb that asks a bundle does with what it hears."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.__main__ import main
from tests.unit.cli.conftest import Answering

PROBLEM = {
    "code": "FAILED_PRECONDITION",
    "detail": "This rollout has ended.",
    "message": "This can't be done now.",
    "remedy": "Create another one.",
    "request_id": "abc-123-def",
}


def test_a_refusal_says_all_there_is(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [(409, PROBLEM)]
    assert server.say("rollout", "pause", "r-1") == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "palier: This rollout has ended. [FAILED_PRECONDITION]\n"
        "  It means:   This can't be done now.\n"
        "  What to do: Create another one.\n"
        "  Request id: abc-123-def\n"
    )
    assert server.say("rollout", "pause", "r-1", "--output", "json") == 1
    assert json.loads(capsys.readouterr().err) == {"error": PROBLEM}


@pytest.mark.parametrize("content", [b"<html>Not found</html>", b"[]", b""])
def test_somebody_else_answers(
    server: Answering, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [(404, content)]
    assert server.say("rollout", "list") == 1
    assert server.say("health") == 1
    assert capsys.readouterr().err.count("The answer (HTTP 404) does not come from Palier.") == 2


@pytest.mark.parametrize(
    ("status", "health", "code"),
    [
        pytest.param(200, {"status": "ok", "generation": 3}, 0, id="ok"),
        pytest.param(200, {"status": "degraded", "generation": 3}, 1, id="degraded"),
        pytest.param(503, {"status": "down", "generation": None}, 1, id="down"),
    ],
)
def test_health_needs_no_token(
    server: Answering, status: int, health: dict[str, Any], code: int
) -> None:
    where = {"version": "0.1.0", "application": "main", "environment": "production"}
    server.answers = [(status, {**where, "snapshot_age_seconds": 1.5, **health})]
    assert server.say("health", token="") == code
    assert server.asked == [("GET", "/api/v1/health", None, "")]


def test_what_is_missing_is_said(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    assert server.say("rollout", "list", token=" ") == 2
    assert "PALIER_TOKEN" in capsys.readouterr().err
    assert main(["rollout", "list"], {"PALIER_TOKEN": "t"}) == 2
    assert main(["health", "--url", "palier.example"], {}) == 2
    assert "PALIER_URL" in capsys.readouterr().err
    assert main(["health", "--url", "http://127.0.0.1:1"], {}) == 1
    assert "can't be reached" in capsys.readouterr().err
    assert server.asked == []
