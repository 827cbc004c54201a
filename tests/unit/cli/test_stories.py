"""The verbs for stories: what they ask of the bundle, and what they say."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Answering

UID = "VhSngS3izdTEFm4d7jXqZTvuegMG"
ADDRESS = f"/api/admin/v1/users/{UID}/stories"
RECORD = {
    "version": "1.3.0",
    "prompt": "tale-1",
    "model": "gpt-5-mini",
    "parameters": {"max_output_tokens": 2000},
    "handler": "one-call-1",
    "prompt_hash": "7" * 64,
    "content_hash": "6" * 64,
}
PROBLEM = {"code": "PERMISSION_DENIED", "detail": "You may not.", "status": 403}


def test_versions(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    kept = {**RECORD, "service": "stories", "created_at": 1_800_000_000.0}
    lacking = {"served": False, "why": "This bundle lacks the prompt 'tale-9'."}
    served = {"served": True, "why": None, "version": "1.2.0", "fallback": "gpt-small"}
    server.answers = [(200, {"versions": [{**kept, **lacking}, {**kept, **served}]})]
    assert server.say("stories", "versions") == 0
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["VERSION", "MODEL", "FALLBACK"]
    assert first.split()[:3] == ["1.3.0", "gpt-5-mini", "-"]
    assert first.endswith("no: This bundle lacks the prompt 'tale-9'.")
    assert second.split()[:3] == ["1.2.0", "gpt-5-mini", "gpt-small"]
    assert second.endswith("yes")


def test_no_version_yet(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [(200, {"versions": []})]
    assert server.say("stories", "versions") == 0
    assert capsys.readouterr().out.startswith("No version")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param("", {"parameters": {"max_output_tokens": 2000}}, id="what is compulsory"),
        pytest.param(
            "--temperature 0 --top-p 0.5 --reasoning-effort low --handler h --fallback small",
            {
                "parameters": {
                    "max_output_tokens": 2000,
                    "temperature": 0.0,
                    "top_p": 0.5,
                    "reasoning_effort": "low",
                },
                "handler": "h",
                "fallback": "small",
            },
            id="all",
        ),
    ],
)
def test_create(
    server: Answering,
    capsys: pytest.CaptureFixture[str],
    options: str,
    expected: dict[str, Any],
) -> None:
    server.answers = [(201, {"generation": 12, "version": RECORD})]
    compulsory = "--prompt tale-1 --model gpt-5-mini --max-output-tokens 2000 --reason r"
    words = f"stories create-version 1.3.0 {compulsory} {options}".split()
    assert server.say(*words) == 0
    [(method, path, body, _)] = server.asked
    assert (method, path) == ("POST", "/api/admin/v1/versions")
    named = {"version": "1.3.0", "prompt": "tale-1", "model": "gpt-5-mini", "reason": "r"}
    assert body == {**named, **expected}
    assert "palier rollout create stories.version 1.3.0" in capsys.readouterr().out


def test_export_page_by_page(
    server: Answering, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Into a file that nobody else may read."""
    server.answers = [
        (200, {"stories": [{"id": "a"}, {"id": "b"}], "next": "b"}),
        (200, {"stories": [{"id": "c"}], "next": None}),
    ]
    file = tmp_path / "stories.json"
    assert server.say("stories", "export", UID, str(file), "--reason", "a letter") == 0
    assert [path for _, path, _, _ in server.asked] == [
        f"{ADDRESS}?limit=100&reason=a+letter",
        f"{ADDRESS}?limit=100&reason=a+letter&after=b",
    ]
    assert json.loads(file.read_text()) == {"stories": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert capsys.readouterr().out == f"3 stories of this user: see {file}.\n"


def test_export_to_standard_output(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [(200, {"stories": [{"id": "é"}], "next": None})]
    assert server.say("stories", "export", UID) == 0
    assert json.loads(capsys.readouterr().out) == {"stories": [{"id": "é"}]}


def test_a_file_that_can_not_be_written(
    server: Answering, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [(200, {"stories": [], "next": None})]
    assert server.say("stories", "export", UID, str(tmp_path)) == 2
    assert "can't be written" in capsys.readouterr().err


def test_nothing_is_erased_unless_somebody_agrees(
    server: Answering, capsys: pytest.CaptureFixture[str]
) -> None:
    assert server.say("stories", "erase", UID, "--environment", "staging") == 3
    assert server.asked == []
    said = capsys.readouterr().out
    assert f"All stories of the user {UID} in staging go for good" in said
    assert "--yes" in said


def test_erased_until_none_is_left(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [
        (200, {"generation": 4, "stories": 400, "complete": False}),
        (200, {"generation": 5, "stories": 17, "complete": True}),
    ]
    assert server.say("stories", "erase", UID, "--yes", "--reason", "r", "--output", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"generation": 5, "stories": 417, "complete": True}
    assert server.asked == 2 * [("DELETE", ADDRESS, {"reason": "r"}, "Bearer a-token")]


def test_what_was_erased_is_told(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    for number, told in ((0, "There was no story"), (1, "1 story erased"), (2, "2 stories erased")):
        server.answers = [(200, {"generation": 4, "stories": number, "complete": True})]
        assert server.say("stories", "erase", UID, "--yes") == 0
        assert told in capsys.readouterr().out


@pytest.mark.parametrize("verb", [("export", UID), ("erase", UID, "--yes")])
def test_who_may_not_is_told(
    server: Answering, capsys: pytest.CaptureFixture[str], verb: tuple[str, ...]
) -> None:
    server.answers = [(403, PROBLEM)]
    assert server.say("stories", *verb) == 1
    assert "You may not. [PERMISSION_DENIED]" in capsys.readouterr().err


def test_a_uid_is_one_step_of_the_address(server: Answering) -> None:
    server.answers = [(200, {"stories": [], "next": None})]
    server.say("stories", "export", "../a b?x#y")
    assert server.asked[0][1].startswith("/api/admin/v1/users/..%2Fa%20b%3Fx%23y/stories?")
