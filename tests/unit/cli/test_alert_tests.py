"""`palier alerts test` begins a test, tells each stage as it is done, and says how it ended."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.arguments import parser
from cli.responding import tests as verb
from tests.unit.cli.conftest import Answering

NAMES = ("started", "alert fires", "incident opens", "people are told")


def found(status: str, *times: float | None, what: str = "") -> tuple[int, Any]:
    stages = [
        {"name": name, "at": at, "what": what if at is None else ""}
        for name, at in zip(NAMES, times, strict=True)
    ]
    test = {
        "id": "t1",
        "rule": "p1-memory",
        "status": status,
        "only_log": what == "log delivered",
        "stages": stages,
    }
    return 200, {"test": test}


NOW = 1_800_000_000.0
TEST = {"id": "t1", "rule": "p1-memory", "started_at": NOW, "ends_at": NOW + 390}
BEGUN = (201, {"generation": 3, "test": TEST})
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
    first, *lines = said.err.splitlines()
    assert first == "The test t1 of p1-memory ends at 2027-01-15 08:06:30 or so."
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


def test_that_only_the_log_was_told_is_said(
    server: Answering, capsys: pytest.CaptureFixture[str]
) -> None:
    code, body = found("passed", NOW, NOW + 30, NOW + 30, NOW + 31)
    server.answers = [BEGUN, (code, {"test": {**body["test"], "only_log": True}})]
    assert server.say("alerts", "test", "p1-memory") == 0
    assert "nobody hears of p1-memory: only the log was told" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "lasts"), [((), 3_630.0), (("--timeout", "60"), 60.0), (("--timeout", "0"), 0.0)]
)
def test_it_is_followed_until_it_is_through(
    server: Answering, given: tuple[str, ...], lasts: float
) -> None:
    """A test of a rule that holds on for an hour isn't given up before."""
    asked = parser().parse_args(["alerts", "test", "p2-burn-rate", *given])
    asked.url = server.url
    long = {**TEST, "ends_at": NOW + 3_270}
    server.answers = [(201, {"generation": 3, "test": long}), ON_ITS_WAY]
    now = 0.0

    def sleep(_seconds: float) -> None:
        nonlocal now
        now += 30.0

    said = verb.follow_test(asked, {"PALIER_TOKEN": "a-token"}, sleep=sleep, clock=lambda: now)
    assert (now, said.exit_code) == (lasts, 1)


def test_programs_get_json_alone(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [BEGUN, found("passed", NOW, NOW, NOW, NOW)]
    assert server.say("alerts", "test", "p1-memory", "--output", "json") == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["test"]["status"] == "passed"
    assert said.err == ""
