"""The verbs for rollouts, and what they ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli import rollouts
from cli.arguments import parser
from tests.unit.cli.conftest import Answering


def rollout(phase: str = "baking", **more: Any) -> dict[str, Any]:
    return {
        "id": "r-1",
        "flag": "stories.version",
        "control": "1.2.0",
        "candidate": "1.3.0",
        "phase": phase,
        "percentage": 10.0,
        "created_at": 1_800_000_000.0,
        "decided_at": 1_800_000_060.0,
        "reason": "a better ending",
        "verdict": None,
        "plan": "canary",
        **more,
    }


def test_rollback_is_one_command(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [(200, {"generation": 7, "rollout": rollout("rolled_back", percentage=0.0)})]
    assert server.say("rollout", "rollback", "r-1", "--reason", "endings are cut") == 0
    assert server.asked == [
        (
            "POST",
            "/api/admin/v1/rollouts/r-1/rollback",
            {"reason": "endings are cut"},
            "Bearer a-token",
        )
    ]
    assert capsys.readouterr().out == (
        "r-1: stories.version 1.2.0 -> 1.3.0 is rolled back, 0 % of the users have 1.3.0.\n"
        "Generation 7 is being served.\n"
    )


def test_the_scope_and_the_expectation_go_along(server: Answering) -> None:
    server.answers = [(200, {"generation": 7, "rollout": rollout()})]
    where = ("--application", "shop", "--environment", "staging")
    assert server.say("rollout", "promote", "r/1", *where, "--expected-stage", "0") == 0
    assert server.say("rollout", "start", "r-1", "--override-quarantine") == 0
    [(_, promoted, body, _), (_, _, started, _)] = server.asked
    assert promoted == ("/api/admin/v1/rollouts/r%2F1/promote?application=shop&environment=staging")
    assert body == {"reason": "", "expected_stage": 0}
    assert started == {"reason": "", "override_quarantine": True}


@pytest.mark.parametrize(
    ("phase", "code"),
    [
        ("pending", 0),
        ("starting", 0),
        ("baking", 0),
        ("watching", 0),
        ("succeeded", 0),
        ("paused", 1),
        ("rolled_back", 1),
        ("superseded", 1),
    ],
)
def test_status_without_waiting(server: Answering, phase: str, code: int) -> None:
    server.answers = [(200, rollout(phase))]
    assert server.say("rollout", "status", "r-1") == code
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("phases", "code", "slept"),
    [
        pytest.param(["starting", "baking", "succeeded"], 0, [2.0, 2.0], id="succeeds"),
        pytest.param(["baking", "rolled_back"], 1, [2.0], id="is taken back"),
        pytest.param(["baking", "paused"], 1, [2.0], id="is paused"),
        pytest.param(["baking"], 1, [2.0, 2.0, 1.0], id="takes too long"),
        pytest.param(["succeeded"], 0, [], id="has ended"),
    ],
)
def test_status_waits(server: Answering, phases: list[str], code: int, slept: list[float]) -> None:
    server.answers = [(200, rollout(phase)) for phase in phases]
    line = ["rollout", "status", "r-1", "--timeout", "5", "--url", server.url]
    pauses: list[float] = []
    answer = rollouts.status(
        parser().parse_args(line),
        {"PALIER_TOKEN": "a-token"},
        sleep=pauses.append,
        clock=lambda: sum(pauses),
    )
    assert (answer.exit_code, pauses) == (code, slept)
    assert ("It has not ended after 5 s." in answer.text) == (phases == ["baking"])


def test_create_takes_a_template_or_a_file(server: Answering, tmp_path: Path) -> None:
    plan = {"stages": [{"percentage": 100, "bake_seconds": 60}]}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    (tmp_path / "bad.json").write_text("{")
    server.answers = [(201, {"generation": 3, "rollout": rollout("pending"), "preview": ["x"]})]
    create = ("rollout", "create", "stories.version", "1.3.0", "--reason", "r", "--plan")
    assert server.say(*create, "canary") == 0
    assert server.say(*create, str(tmp_path / "plan.json")) == 0
    assert [body["plan"] for _, _, body, _ in server.asked] == ["canary", plan]
    assert server.say(*create, str(tmp_path / "bad.json")) == 2


@pytest.mark.parametrize(
    ("words", "language", "title"),
    [((), "en", "Next check"), (("--language", "fr"), "fr", "Prochain examen")],
)
def test_explained_in_a_language(
    server: Answering,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    language: str,
    title: str,
) -> None:
    parts = ("stands", "waits", "needs", "next_check", "takes_back", "happened")
    found = {"language": language, **{part: [f"{part}."] for part in parts}, "needs": []}
    server.answers = [(200, found)]
    assert server.say("rollout", "explain", "r-1", *words) == 0
    [(method, path, _, _)] = server.asked
    assert (method, path) == ("GET", f"/api/admin/v1/rollouts/r-1/explain?language={language}")
    said = capsys.readouterr().out
    assert said.startswith("stands.\nwaits.\n\n" + title + "\n  next_check.\n")
