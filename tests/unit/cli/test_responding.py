"""What the verbs for incidents and people ask, and what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Answering

INCIDENT: dict[str, Any] = {
    "id": "i-5f2b1c9a7e30",
    "service": "stories",
    "version": "1.3.0",
    "severity": "P1",
    "status": "open",
    "level": "L2",
    "next_level_at": 1_800_001_800.0,
    "test": False,
    "opened_at": 1_800_000_000.0,
    "acknowledged_at": None,
    "acknowledged_by": "",
    "resolved_at": None,
    "resolved_by": "",
    "firing": ["p1-error-rate"],
}
ADA: dict[str, Any] = {
    "id": "ada",
    "name": "Ada",
    "levels": ["L2"],
    "email": "ada@example.org",
    "phone": "+33 1 23",
    "languages": ["fr"],
    "hours": [],
    "time_zone": "Europe/Paris",
    "on_call": True,
}


def entry(kind: str, by: str = "", /, **facts: Any) -> dict[str, Any]:
    return {"at": 1_800_000_000.0, "kind": kind, "by": by, "facts": facts}


WHOLE = {
    **INCIDENT,
    "alerts": [{"runbook": "docs/runbooks/p1-error-rate.md"}],
    "timeline": [
        entry("opened", severity="P1"),
        entry(
            "fired",
            rule="p1-error-rate",
            version="1.3.0",
            severity="P1",
            value=0.1,
            threshold=0.05,
            requests=100,
            failures=10,
        ),
        entry(
            "deed",
            "machine:tick",
            kind="rolled_back",
            rollout="r-1",
            flag="stories.version",
            percentage=0.0,
            sentence="Too many failures.",
        ),
        entry("acknowledged", "person:ada", level="L2"),
        entry("note", "person:ada", text="It is {the} key."),
        entry("ended", rule="p1-error-rate", version="1.3.0", status="resolved"),
        entry("resolved", seconds=60),
    ],
    "omitted": 3,
    "on_call": [ADA],
}


def test_the_list(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [(200, {"incidents": [INCIDENT]})]
    assert server.say("incidents", "list", "--status", "open", "--limit", "5") == 0
    assert server.asked[0][1] == "/api/admin/v1/incidents?limit=5&status=open"
    said = capsys.readouterr().out
    assert "i-5f2b1c9a7e30  P1        open    L2     2027-01-15 08:00:00  stories" in said
    server.answers = [(200, {"incidents": []})]
    server.say("incidents", "list")
    assert capsys.readouterr().out == "No incidents.\n"


def test_one_with_all_that_happened(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [(200, {"incident": WHOLE})]
    assert server.say("incidents", "show", "i-5f2b1c9a7e30") == 0
    said = capsys.readouterr().out
    for part in (
        "L2, escalated at 2027-01-15 08:30:00",
        "Ada +33 1 23 ada@example.org",
        "docs/runbooks/p1-error-rate.md",
        "p1-error-rate fires on 1.3.0: 0.1 against 0.05, 10 of 100 failed",
        "machine:tick rolled back r-1 (stories.version, now 0 %): Too many failures.",
        "acknowledged by person:ada",
        "person:ada: It is {the} key.",
        "p1-error-rate on 1.3.0: resolved",
        "3 more are no longer kept.",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("words", "path", "body", "said"),
    [
        (
            ("incidents", "acknowledge", "i-1"),
            "POST /api/admin/v1/incidents/i-1/acknowledge",
            {"reason": "so"},
            "acknowledged by person:ada",
        ),
        (
            ("incidents", "note", "i-1", "the key"),
            "POST /api/admin/v1/incidents/i-1/note",
            {"text": "the key", "reason": "so"},
            "Noted",
        ),
        (
            ("people", "remove", "ada"),
            "DELETE /api/admin/v1/people/ada",
            {"reason": "so"},
            "ada is no longer on call.",
        ),
    ],
)
def test_what_is_asked(
    server: Answering,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    path: str,
    body: dict[str, str],
    said: str,
) -> None:
    held = {**INCIDENT, "status": "acknowledged", "acknowledged_by": "person:ada"}
    server.answers = [(200, {"generation": 3, "incident": held, "removed": "ada"})]
    assert server.say(*words, "--reason", "so") == 0
    [(method, where, sent, _)] = server.asked
    assert (f"{method} {where}", sent) == (path, body)
    assert said in capsys.readouterr().out


def test_people(server: Answering, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "ada.json"
    file.write_text(json.dumps({"name": "Ada", "levels": ["L2"]}))
    server.answers = [(200, {"generation": 3, "person": ADA})]
    assert server.say("people", "set", "ada", str(file), "--reason", "so") == 0
    assert server.asked[0][2] == {"name": "Ada", "levels": ["L2"], "reason": "so"}
    assert "answers for L2, on call now." in capsys.readouterr().out
    there = {"L1": [ADA], "L2": [ADA], "L3": [], "L4": []}
    server.answers = [(200, {"people": [ADA], "on_call": there})]
    assert server.say("people", "list") == 0
    said = capsys.readouterr().out
    assert "L2  Ada" in said
    assert "L4  nobody" in said
    file.write_text("[]")
    assert server.say("people", "set", "ada", str(file)) == 2
