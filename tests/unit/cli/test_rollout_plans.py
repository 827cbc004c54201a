"""The verbs for plans, and what they ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Answering

PLAN = {"name": "canary", "preview": ["5 % of users."], "preview_fr": ["5 % des utilisateurs."]}


def foretold(**more: Any) -> dict[str, Any]:
    return {
        "plan": {"name": "canary"},
        "preview": ["5 % of users."],
        "preview_fr": ["5 % des utilisateurs."],
        "left_out": [],
        "earliest": None,
        "traffic": {"requests_per_second": 10.0, "error_rate": 0.01, "hours": 0},
        "what_if": [
            {"stage": 0, "percentage": 5, "control": 0.01, "candidate": 0.02, "seconds": 3300.0},
            {"stage": 0, "percentage": 5, "control": 0.01, "candidate": 1.0, "seconds": 10.0},
            {"stage": 1, "percentage": 95, "control": 0.01, "candidate": 0.02, "seconds": None},
        ],
        **more,
    }


def test_a_template_is_asked_for_by_its_name(
    server: Answering, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [(200, foretold())]
    words = ("rollout", "plan", "preview", "canary", "--flag", "stories.version")
    assert server.say(*words, "--requests-per-second", "10", "--error-rate", "0.01") == 0
    [(method, path, body, _)] = server.asked
    assert (method, path) == ("POST", "/api/admin/v1/rollout-plans/preview")
    assert body == {
        "plan": "canary",
        "flag": "stories.version",
        "traffic": {"requests_per_second": 10.0, "error_rate": 0.01},
    }
    assert capsys.readouterr().out == (
        "5 % of users.\n"
        "\n"
        "At 10 requests a second, 1 % of which fail:\n"
        "STAGE  SHARE  OLD FAILS  NEW FAILS  SEEN AFTER\n"
        "1      5 %    1 %        2 %        55.0 min\n"
        "1      5 %    1 %        100 %      10 s\n"
        "2      95 %   1 %        2 %        -\n"
    )


def test_a_plan_is_read_from_a_file(
    server: Answering, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = {"stages": [{"percentage": 100, "bake_seconds": 60}]}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    server.answers = [(200, foretold(traffic=None, what_if=[]))]
    path = str(tmp_path / "plan.json")
    words = ("rollout", "plan", "preview", path, "--service", "stories", "--language", "fr")
    assert server.say(*words) == 0
    assert server.asked[0][2] == {"plan": plan, "service": "stories"}
    assert capsys.readouterr().out == "5 % des utilisateurs.\n"


def test_how_long_it_was_measured_is_told(
    server: Answering, capsys: pytest.CaptureFixture[str]
) -> None:
    traffic = {"requests_per_second": 0.25, "error_rate": 0.0, "hours": 12}
    server.answers = [(200, foretold(traffic=traffic))]
    assert server.say("rollout", "plan", "preview", "canary", "--service", "stories") == 0
    assert "At 0.25 requests a second, 0 % of which fail, in 12 hours:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "canary\n  5 % of users.\n"), ("fr", "canary\n  5 % des utilisateurs.\n")],
)
def test_templates(
    server: Answering, capsys: pytest.CaptureFixture[str], language: str, said: str
) -> None:
    server.answers = [(200, {"plans": [PLAN]})]
    assert server.say("rollout", "plan", "list", "--language", language) == 0
    assert capsys.readouterr().out == said


def test_a_backtest_tells_what_would_have_been_done(
    server: Answering, capsys: pytest.CaptureFixture[str]
) -> None:
    verdict = {"sentence": "Rolled back: 20 users hit errors."}
    server.answers = [
        (
            200,
            {
                "share": 0.1,
                "requests": 1200,
                "requests_control": 10800,
                "looks": 21,
                "grain_seconds": 60,
                "steps": [
                    {"at": 1_800_000_000, "kind": "started", "stage": 0, "verdict": None},
                    {
                        "at": 1_800_001_200,
                        "kind": "rolled_back",
                        "stage": 0,
                        "verdict": verdict,
                        "sentence_fr": "Annulé.",
                    },
                ],
                "last": None,
                "last_fr": "",
                "left_out": ["alerts", "health"],
            },
        )
    ]
    times = ("--since", "2027-01-15T08:00+00:00", "--until", "2027-01-15T09:00+00:00")
    versions = ("--control", "1.2.0", "--candidate", "1.3.0")
    words = ("rollout", "backtest", "canary", "--service", "stories", *versions, *times)
    assert server.say(*words) == 0
    [(method, path, body, _)] = server.asked
    assert (method, path) == ("POST", "/api/admin/v1/rollout-backtests")
    assert body == {
        "plan": "canary",
        "service": "stories",
        "control": "1.2.0",
        "candidate": "1.3.0",
        "since": 1_800_000_000.0,
        "until": 1_800_003_600.0,
    }
    told = capsys.readouterr().out
    assert "1,200 requests to the new version, 10,800 to the old one" in told
    assert "What stored minutes can't tell was left out: alerts, health." in told
    assert "2027-01-15 08:20:00  rolled_back  1      Rolled back: 20 users hit errors." in told
