"""The verbs for objectives, scores and the scorecard: what they ask, and what they say."""

from __future__ import annotations

from typing import Any

import pytest

from cli.objective_arguments import KINDS
from functions.alerts.objectives.objective import Kind
from tests.unit.cli.conftest import Answering

Output = pytest.CaptureFixture[str]

RATES = [
    {
        "rule": "p1-burn-rate",
        "severity": "P1",
        "limit": 14.4,
        "long_seconds": 3_600,
        "short_seconds": 300,
        "long": 20.04,
        "short": None,
        "alarm": True,
    }
]
BUDGET = {
    "since": 1_799_000_000,
    "through": 1_800_000_000,
    "counted": 12_000,
    "bad": 18.5,
    "good": 0.99846,
    "left": -0.54,
    "burn_rates": RATES,
}
UP: dict[str, Any] = {"id": "up", "sentence": "What it asks for.", "budget": BUDGET}
ROW = {
    "id": "availability",
    "unit": "share",
    "target": 0.999,
    "value": 0.99846,
    "before": 0.999,
    "sample": 12_000,
    "status": "missed",
    "trend": "falling",
}


def test_the_kinds_are_those_of_the_bundle() -> None:
    assert tuple(Kind) == KINDS


def test_listed(server: Answering, capsys: Output) -> None:
    new = {**UP, "id": "new", "budget": None}
    server.answers = [(200, {"objectives": [UP, new]}), (200, {"objectives": []})]
    assert server.say("objectives", "list") == 0
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split() == ["ID", "GOOD", "BUDGET", "LEFT", "ALARM", "WHAT"]
    assert first.split()[:6] == ["up", "99.846", "%", "-54", "%", "P1"]
    assert second.split()[:4] == ["new", "-", "-", "-"]
    assert server.say("objectives", "list") == 0
    assert capsys.readouterr().out.startswith("No objectives yet")


def test_shown(server: Answering, capsys: Output) -> None:
    server.answers = [(200, {"objective": UP}), (200, {"objective": {**UP, "budget": None}})]
    assert server.say("objectives", "show", "up") == 0
    told = capsys.readouterr().out
    assert "12,000, of which 18.5 bad" in told
    assert "20 over 1 h" in told
    assert "- over 5 min" in told
    assert server.say("objectives", "show", "up") == 0
    assert "Nothing has been counted yet." in capsys.readouterr().out


def test_set(server: Answering, capsys: Output) -> None:
    server.answers = [(200, {"generation": 4, "objective": UP})] * 2
    words = ("up", "--service", "stories", "--kind", "availability", "--target", "0.999")
    assert server.say("objectives", "set", *words) == 0
    calm = ("calm", "--service", "s", "--kind", "measure", "--target", "0.98", "--days", "7")
    more = ("--metric", "complained", "--lower", "--volume", "20", "--reason", "why")
    assert server.say("objectives", "set", *calm, *more) == 0
    (method, path, body, _), (_, _, second, _) = server.asked
    assert (method, path) == ("PUT", "/api/admin/v1/objectives/up")
    assert body == {"service": "stories", "kind": "availability", "target": 0.999, "reason": ""}
    assert second == {
        "service": "s",
        "kind": "measure",
        "target": 0.98,
        "days": 7,
        "metric": "complained",
        "lower": True,
        "volume": 20,
        "reason": "why",
    }
    assert "What it asks for." in capsys.readouterr().out


def test_removed(server: Answering, capsys: Output) -> None:
    server.answers = [(200, {"generation": 5, "removed": "up"})]
    assert server.say("objectives", "remove", "up", "--reason", "old") == 0
    assert capsys.readouterr().out == "The objective up is removed.\n"
    [(method, path, body, _)] = server.asked
    assert (method, path, body) == ("DELETE", "/api/admin/v1/objectives/up", {"reason": "old"})


def test_scores(server: Answering, capsys: Output) -> None:
    score = {"service": "search", "origin": "own", "target_ms": 200, "error_weight": 5.0}
    server.answers = [
        (200, {"scores": [score]}),
        (200, {"generation": 6, "score": score}),
        (200, {"generation": 7, "removed": "search"}),
        (200, {"scores": []}),
    ]
    assert server.say("scores", "list") == 0
    assert server.say("scores", "set", "search", "--target-ms", "200") == 0
    assert server.say("scores", "remove", "search") == 0
    assert server.say("scores", "list") == 0
    told = capsys.readouterr().out
    assert told.count("search   200 ms  5") == 2
    assert "search is scored as it is delivered again." in told
    assert "otherwise than usual" in told
    assert [(method, body) for method, _, body, _ in server.asked[1:3]] == [
        ("PUT", {"target_ms": 200, "reason": ""}),
        ("DELETE", {"reason": ""}),
    ]


def test_the_scorecard(server: Answering, capsys: Output) -> None:
    nps = {**ROW, "id": "nps", "unit": "points", "target": 90.0, "value": 41.5, "before": None}
    kept = {**ROW, "id": "retention", "target": None, "value": None, "trend": None}
    card = {"at": 1_800_000_000, "until": 1_799_971_200, "rows": [ROW, nps, kept]}
    never = {"at": None, "until": None, "rows": [ROW]}
    server.answers = [(200, {"scorecard": card}), (200, {"scorecard": never})]
    assert server.say("scorecard") == 0
    _, first, second, third, _, last = capsys.readouterr().out.splitlines()
    assert first.split() == [
        "availability", "missed", "99.846", "%", "99.9", "%", "99.9", "%", "falling", "12,000",
    ]  # fmt: skip
    assert second.split()[:5] == ["nps", "missed", "41.5", "90", "-"]
    assert third.split()[2:5] == ["-", "as", "before"]
    assert last.startswith("The 30 days until 2027-01-15 00:00:00 UTC")
    assert server.say("scorecard") == 0
    assert "for the first time tonight" in capsys.readouterr().out
