"""The verbs for single flags, and what they ask."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli import http
from tests.unit.cli.conftest import Answering
from tests.unit.cli.shown.test_flags import FLAG

REASON = ("--reason", "r")
READ = (200, {"flag": FLAG})
CHANGED = (200, {"generation": 4, "flag": {**FLAG, "revision": 4}})


def test_flags_are_read_page_by_page(
    server: Answering, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(http, "PAGE", 2)
    found = [{**FLAG, "key": f"flag-{number}"} for number in range(3)]
    server.answers = [(200, {"flags": found[:2]}), (200, {"flags": found[2:]})]
    assert server.say("flags", "list", "--output", "json") == 0
    assert json.loads(capsys.readouterr().out) == {"flags": found}
    assert [path.rpartition("?")[2] for _, path, _, _ in server.asked] == [
        "limit=2",
        "limit=2&after=flag-1",
    ]


def test_show(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [READ]
    assert server.say("flags", "show", "banner", "--environment", "staging") == 0
    [(_, path, _, _)] = server.asked
    assert path == "/api/admin/v1/flags/banner?environment=staging"
    assert capsys.readouterr().out.startswith("banner: enabled\nA banner.\n")


@pytest.mark.parametrize("command", ["kill", "revive"])
def test_the_switch_is_one_request(server: Answering, command: str) -> None:
    server.answers = [CHANGED]
    assert server.say("flags", command, "banner", *REASON) == 0
    [(method, path, body, _)] = server.asked
    assert (method, path) == ("POST", f"/api/admin/v1/flags/banner/{command}")
    assert body == {"reason": "r"}


@pytest.mark.parametrize(
    ("words", "body"),
    [
        (["archive", "banner"], {"revision": 3}),
        (["restore", "banner"], {"revision": 3}),
        (["restore", "banner", "--to", "2"], {"revision": 3, "to": 2}),
    ],
)
def test_others_look_first(server: Answering, words: list[str], body: dict[str, Any]) -> None:
    server.answers = [READ, CHANGED]
    assert server.say("flags", *words, *REASON) == 0
    assert server.asked[1][1:3] == (
        f"/api/admin/v1/flags/banner/{words[0]}",
        {"reason": "r", **body},
    )


def test_delete_asks(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    archived = (200, {"flag": {**FLAG, "archived": True}})
    server.answers = [archived]
    assert server.say("flags", "delete", "banner", *REASON) == 3
    assert len(server.asked) == 1
    assert "Nothing was changed" in capsys.readouterr().out
    server.answers = [archived, CHANGED]
    assert server.say("flags", "delete", "banner", *REASON, "--yes") == 0
    assert server.asked[-1][2] == {"reason": "r", "revision": 3}
    assert "banner is deleted." in capsys.readouterr().out


def test_one_that_is_not_archived_is_refused_by_the_bundle(server: Answering) -> None:
    refusal = {"code": "FAILED_PRECONDITION", "detail": "The flag 'banner' is not archived."}
    server.answers = [READ, (409, refusal)]
    assert server.say("flags", "delete", "banner") == 1


def test_history_asks_for_one_more(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    who = {"at": 0.0, "by": "person:ada", "reason": "", "archived": False, "killed": False}
    found = [{"revision": n, **who, "content": {"owner": str(n)}} for n in (3, 2, 1)]
    server.answers = [(200, {"revisions": found})]
    assert server.say("flags", "history", "banner", "--limit", "2") == 0
    assert server.asked[0][1].endswith("/flags/banner/revisions?limit=3")
    out = capsys.readouterr().out
    assert '- owner: "1"' in out
    assert "revision 1 " not in out
