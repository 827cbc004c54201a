"""The verb that asks why, and the context that it asks about."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

import pytest

from cli import explain
from cli.answer import Failed
from cli.arguments import parser
from tests.unit.cli.conftest import Answering
from tests.unit.cli.shown.test_explanation import FOUND


def test_why(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [(200, FOUND)]
    assert server.say("flags", "explain", "reader", "--user", "ada", "--set", "plan=pro") == 0
    assert server.asked[0][:3] == (
        "POST",
        "/api/admin/v1/flags/reader/explain",
        {"context": {"targetingKey": "ada", "plan": "pro"}},
    )
    assert capsys.readouterr().out.startswith("ada gets the variant on of reader: true")
    assert server.say("flags", "explain", "reader", "--output", "json") == 0
    assert json.loads(capsys.readouterr().out) == FOUND


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", {}),
        ("--user ada", {"targetingKey": "ada"}),
        ("--set plan=pro --set age=7 --set paid=true", {"plan": "pro", "age": 7, "paid": True}),
        ("--set version=1.10 --set share=1.5", {"version": "1.10", "share": 1.5}),
        ('--set version="1.5" --set empty=', {"version": "1.5", "empty": ""}),
        ('--set tags=["a"] --set a=b=c', {"tags": ["a"], "a": "b=c"}),
        ('--context {"a":1,"b":2} --set b=3', {"a": 1, "b": 3}),
    ],
)
def test_a_context(given: str, expected: dict[str, Any]) -> None:
    words = ["flags", "explain", "banner", *given.split()]
    assert explain.context(parser().parse_args(words)) == expected


@pytest.mark.parametrize("text", ["{", "[]", "1"])
def test_no_context(text: str) -> None:
    with pytest.raises(Failed) as failed:
        explain.context(Namespace(context=text, user=None, set=None))
    assert failed.value.exit_code == 2
