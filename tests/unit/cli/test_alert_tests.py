"""`palier alerts test` begins a test, tells each stage as it is done, and says how it ended."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.responding import tests as verb
from tests.unit.cli.conftest import Answering

NAMES = ("started", "alert fires", "incident opens", "people are told")


def found(status: str, *times: float | None, what: str = "") -> tuple[int, Any]:
    stages = [
        {"name": name, "at": at, "what": what if at is None else ""}
        for name, at in zip(NAMES, times, strict=True)
    ]
    test = {"id": "t1", "rule": "p1-memory", "status": status, "stages": stages}
    return 200, {"test": test}


BEGUN = (201, {"generation": 3, "test": {"id": "t1"}})
NOW = 1_800_000_000.0
ON_ITS_WAY = found("running", NOW, NOW + 30, None, None)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verb, "POLL_SECONDS", 0.0)


def test_all_the_way(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    done = found("passed", NOW, NOW + 30, NOW + 30, NOW + 31)
    server.answers = [BEGUN, ON_ITS_WAY, ON_ITS_WAY, done]
    assert server.say("alerts", "test", "p1-memory", "--reason", "drill") == 0
    method, path, body, _ = server.asked[0]
    assert (method, path) == ("POST", "/api/admin/v1/alerts/tests")
    assert body == {"rule": "p1-memory", "service": "stories", "reason": "drill"}
    said = capsys.readouterr()
    assert said.out == "The alert p1-memory reaches people: the test t1 passed.\n"
    lines = said.err.splitlines()
    assert [line.split("  ")[2] for line in lines] == list(NAMES), "each once"
    assert lines[1].startswith("  2027-01-15 08:00:30  alert fires")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("failed", "The test t1 failed at: people are told (pager dead: 410)."),
        ("running", "it waits for: people are told (pager dead: 410)."),
    ],
)
def test_not_all_the_way(
    server: Answering, capsys: pytest.CaptureFixture[str], status: str, said: str
) -> None:
    stuck = found(status, NOW, NOW + 30, NOW + 30, None, what="pager dead: 410")
    server.answers = [BEGUN, stuck]
    assert server.say("alerts", "test", "p1-memory", "--timeout", "0") == 1
    assert said in capsys.readouterr().out


def test_programs_get_json_alone(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [BEGUN, found("passed", NOW, NOW, NOW, NOW)]
    assert server.say("alerts", "test", "p1-memory", "--output", "json") == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["test"]["status"] == "passed"
    assert said.err == ""
