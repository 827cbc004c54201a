"""The verbs that keep flags in order, those for segments and scheduled changes: what they ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli import http
from tests.unit.cli.conftest import Answering
from tests.unit.cli.shown.test_flags import FLAG
from tests.unit.cli.shown.test_schedules import SCHEDULE
from tests.unit.cli.shown.test_segments import SEGMENT
from tests.unit.cli.shown.test_upkeep import SAME, flag

REPAIRED = {"flags": SAME, "segments": SAME, "keys": SAME, "client": [], "parts": []}
CHANGED = {"generation": 4, "schedule": SCHEDULE}
CREATE = ("schedules", "create", "reader", "--at", "2027-01-15T08:00Z", "--reason", "r")


@pytest.mark.parametrize(
    ("in_sync", "preview", "unreadable", "code"),
    [
        pytest.param(True, False, False, 0, id="nothing differs"),
        pytest.param(False, False, False, 0, id="repaired"),
        pytest.param(False, True, False, 1, id="a gate"),
        pytest.param(True, True, False, 0, id="a gate that is open"),
        pytest.param(False, False, True, 1, id="something can't be repaired"),
    ],
)
def test_sync(server: Answering, in_sync: bool, preview: bool, unreadable: bool, code: int) -> None:
    lost = [{"document": "flags/x", "problem": "It is broken."}] if unreadable else []
    found = {"in_sync": in_sync, "preview": preview, "repaired": REPAIRED, "unreadable": lost}
    server.answers = [(200, {**found, "generation": 4})]
    words = ("flags", "sync", "--reason", "r", *(["--preview"] if preview else []))
    assert server.say(*words) == code
    [(_, path, body, _)] = server.asked
    assert path == "/api/admin/feature-flags/sync"
    assert body == {"preview": preview, "reason": "r"}


def test_stale_flags_page_by_page(
    server: Answering, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(http, "PAGE", 1)
    counted = {"counting_since": None, "flagd_fetched_at": None, "found": 1}
    server.answers = [
        (200, {**counted, "flags": [flag("a")]}),
        (200, {**counted, "flags": []}),
    ]
    assert server.say("flags", "stale", "--output", "json") == 0
    assert json.loads(capsys.readouterr().out) == {**counted, "flags": [flag("a")]}
    assert server.asked[1][1] == "/api/admin/v1/stale-flags?limit=1&after=a"


def test_clean_up(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    step: dict[str, Any] = {
        "key": "a",
        "action": "archive",
        "kept": None,
        "reasons": [],
        "warnings": [],
    }
    plan: dict[str, Any] = {"plan": [step], "confirm": "t" * 32, "generation": 3}
    server.answers = [(200, plan)]
    words = ("flags", "clean-up", "a", "--reason", "r")
    assert server.say(*words) == 3
    assert server.say(*words, "--yes") == 0
    assert [body for _, _, body, _ in server.asked[1:]] == [
        {"keys": ["a"], "reason": "r"},
        {"keys": ["a"], "reason": "r", "confirm": "t" * 32},
    ]
    kept = {**step, "action": "keep", "kept": "It is not stale."}
    server.answers = [(200, {**plan, "plan": [kept], "confirm": None})]
    assert server.say(*words, "--yes") == 1
    assert capsys.readouterr().out.endswith("It is not stale.\n\nNothing was changed.\n")


def test_segments(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [(200, {"segments": [SEGMENT]})]
    assert server.say("segments", "list") == 0
    server.answers = [(200, {"segment": {**SEGMENT, "used_by": []}})]
    assert server.say("segments", "show", "beta") == 0
    assert server.asked[1][1] == "/api/admin/v1/segments/beta"
    assert capsys.readouterr().out.count("Who has signed up.") == 2


def test_schedules_of_one_flag(server: Answering) -> None:
    server.answers = [(200, {"schedules": [SCHEDULE]})]
    assert server.say("schedules", "list", "--flag", "reader", "--state", "pending") == 0
    assert server.asked[0][1] == ("/api/admin/v1/schedules?limit=500&flag=reader&state=pending")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--action", "kill"], {"action": "kill"}),
        (["--changes", '{"owner": "x"}'], {"action": "edit", "changes": {"owner": "x"}}),
        (["--changes", "FILE"], {"action": "edit", "changes": {"tags": ["x"]}}),
    ],
)
def test_a_schedule(
    server: Answering, tmp_path: Path, words: list[str], what: dict[str, Any]
) -> None:
    file = tmp_path / "changes.json"
    file.write_text('{"tags": ["x"]}')
    server.answers = [(200, {"flag": FLAG}), (201, CHANGED)]
    assert server.say(*CREATE, *(word.replace("FILE", str(file)) for word in words)) == 0
    assert server.asked[1][2] == {
        "flag": "reader",
        "flag_revision": 3,
        "at": 1_800_000_000.0,
        "reason": "r",
        **what,
    }


def test_a_schedule_is_cancelled(server: Answering) -> None:
    server.answers = [(200, CHANGED)]
    assert server.say("schedules", "cancel", "s-1", "--reason", "r") == 0
    assert server.asked[0][1:3] == ("/api/admin/v1/schedules/s-1/cancel", {"reason": "r"})
    server.answers = [(200, {"flag": FLAG})]
    assert server.say(*CREATE, "--changes", "{") == 2
