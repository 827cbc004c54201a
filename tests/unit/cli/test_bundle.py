"""The verbs that ask a bundle, against a server that answers as it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cli import bundle
from cli.__main__ import main
from cli.arguments import parser

PROBLEM = {
    "code": "FAILED_PRECONDITION",
    "detail": "This rollout has ended.",
    "message": "This can't be done now.",
    "remedy": "Create another one.",
    "request_id": "abc-123-def",
}


@dataclass
class Answering:
    """`answers`: (status, body) in turn, the last one for ever after. `asked`: what came."""

    url: str = ""
    answers: list[tuple[int, Any]] = field(default_factory=list)
    asked: list[tuple[str, str, Any, str]] = field(default_factory=list)

    def say(self, *words: str, token: str = "a-token") -> int:
        return main(words, {"PALIER_URL": f"{self.url}/", "PALIER_TOKEN": token})


@pytest.fixture
def server() -> Iterator[Answering]:
    answering = Answering()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            token = self.headers.get("Authorization", "")
            answering.asked.append((self.command, self.path, body, token))
            answers = answering.answers
            status, content = answers.pop(0) if len(answers) > 1 else answers[0]
            sent = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Silent."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.02,))
    thread.start()
    answering.url = f"http://127.0.0.1:{http.server_port}"
    yield answering
    http.shutdown()
    thread.join()
    http.server_close()


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
    answer = bundle.status(
        parser().parse_args(line),
        {"PALIER_TOKEN": "a-token"},
        sleep=pauses.append,
        clock=lambda: sum(pauses),
    )
    assert (answer.exit_code, pauses) == (code, slept)
    assert ("It has not ended after 5 s." in answer.text) == (phases == ["baking"])


def test_flags_are_read_page_by_page(
    server: Answering, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bundle, "PAGE", 2)
    flags = [_flag(f"flag-{number}") for number in range(3)]
    server.answers = [(200, {"flags": flags[:2]}), (200, {"flags": flags[2:]})]
    assert server.say("flags", "list", "--output", "json") == 0
    assert json.loads(capsys.readouterr().out) == {"flags": flags}
    assert [path.rpartition("?")[2] for _, path, _, _ in server.asked] == [
        "limit=2",
        "limit=2&after=flag-1",
    ]


def _flag(key: str) -> dict[str, Any]:
    shown = {"client": True, "archived": False, "description": "", "revision": 1}
    return {"key": key, "definition": {"variants": {"a": 1}}, **shown}


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
