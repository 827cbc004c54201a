"""The verbs that bring flags from one environment into another, and what they ask."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.cli.conftest import Answering
from tests.unit.cli.shown.test_plans import NONE, item, plan

WHERE = ("--to", "production", "--reason", "r")
PLAN = {**plan(flags=[item("a", "create")]), "confirm": "t" * 32, "generation": 3, "done": False}
DONE = {**PLAN, "generation": 4, "done": True}
BODY = {"flags": ["a"], "segments": [], "reason": "r"}


def test_a_copy_is_shown_and_confirmed(
    server: Answering, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [(200, PLAN), (200, DONE)]
    assert server.say("flags", "copy", "a", "--from", "staging", *WHERE, "--yes") == 0
    path = "/api/admin/v1/copy?environment=production"
    body = {**BODY, "from": "staging"}
    assert [asked[:3] for asked in server.asked] == [
        ("POST", path, body),
        ("POST", path, {**body, "confirm": "t" * 32}),
    ]
    assert capsys.readouterr().out == (
        "From staging into production:\n\ncreate flag a\n\n"
        "1 flag created. Generation 4 is being served.\n"
    )


def test_a_promotion_that_nobody_agrees_to(
    server: Answering, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [(200, PLAN)]
    assert server.say("flags", "promote", "a", "--application", "shop", *WHERE) == 3
    [(_, path, body, _)] = server.asked
    assert path == "/api/admin/v1/promote?application=shop&environment=production"
    assert body == BODY
    assert "Nothing was changed. Repeat it with --yes" in capsys.readouterr().out


def test_what_they_need_is_asked_for_until_nothing_is_missing(server: Answering) -> None:
    def lacking(**missing: Any) -> tuple[int, Any]:
        return 200, {**PLAN, "missing": {**NONE, **missing}}

    server.answers = [
        lacking(flags=["b"], segments=["s"]),
        lacking(segments=["t"]),
        lacking(segments=["t"]),
    ]
    assert server.say("flags", "promote", "a", *WHERE, "--segment", "q", "--with-needed") == 3
    asked = [(body["flags"], body["segments"]) for _, _, body, _ in server.asked]
    assert asked == [
        (["a"], ["q"]),
        (["a", "b"], ["q", "s"]),
        (["a", "b"], ["q", "s", "t"]),
    ]


def test_what_is_in_the_way_is_an_error(
    server: Answering, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = {"path": "$.flags.a", "problem": "There is no flag a.", "remedy": ""}
    missing = {"flags": ["b"], "segments": []}
    server.answers = [(200, {**PLAN, "problems": [problem], "missing": missing, "confirm": None})]
    assert server.say("flags", "promote", "a", *WHERE, "--yes") == 1
    assert "To bring what they need as well: --with-needed." in capsys.readouterr().out
    assert len(server.asked) == 1


def test_nothing_to_do(server: Answering) -> None:
    server.answers = [(200, {**PLAN, "flags": [item("a", "same")]})]
    assert server.say("flags", "promote", "a", *WHERE) == 0
    assert len(server.asked) == 1
