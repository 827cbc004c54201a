"""The verbs for metrics of apps: what they ask of the bundle, and what they say."""

from __future__ import annotations

import pytest

from cli.arguments import KINDS
from functions.metrics.apps.declared import Kind
from tests.unit.cli.conftest import Answering

RATING = {
    "name": "app_rating",
    "kind": "rating",
    "service": "",
    "unit": "stars",
    "better": "higher",
    "about": "given in the app",
}
COUNTER = {**RATING, "name": "c", "kind": "counter", "service": "s", "unit": "", "better": "none"}


def test_the_kinds_are_those_of_the_bundle() -> None:
    assert tuple(Kind) == KINDS


def test_listed(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [(200, {"metrics": [RATING, COUNTER]}), (200, {"metrics": []})]
    assert server.say("metrics", "list") == 0
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split() == ["NAME", "KIND", "SERVICE", "UNIT", "BETTER", "ABOUT"]
    assert first.split()[:5] == ["app_rating", "rating", "app", "stars", "higher"]
    assert second.split()[:5] == ["c", "counter", "s", "-", "-"]
    assert server.say("metrics", "list") == 0
    assert capsys.readouterr().out.startswith("No metrics")


def test_restarted(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    found = {
        "generation": 4,
        "published_through": 1_800_000_000.0,
        "behind_seconds": 700.0,
        "publisher_released": True,
        "minutes": 30,
        "minutes_changed": 1,
    }
    server.answers = [(200, found), (200, {**found, "published_through": None})]
    assert server.say("metrics", "restart", "--minutes", "30", "--reason", "why") == 0
    method, path, body, _ = server.asked[0]
    assert (method, path) == ("POST", "/api/admin/metrics")
    assert body == {"action": "restart_collection", "minutes": 30, "reason": "why"}
    said = capsys.readouterr().out
    assert "until 2027-01-15 08:00:00" in said
    assert "30 minutes summed up again, 1 of them" in said
    server.say("metrics", "restart")
    assert "Nothing was published yet." in capsys.readouterr().out


def test_declared(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [(200, {"generation": 4, "metric": RATING})]
    words = ("app_rating", "--kind", "rating", "--about", "given in the app", "--reason", "why")
    assert server.say("metrics", "declare", *words) == 0
    assert "within two seconds" in capsys.readouterr().out
    [(method, path, body, _)] = server.asked
    assert (method, path) == ("PUT", "/api/admin/v1/metrics/app_rating")
    assert body == {"kind": "rating", "about": "given in the app", "reason": "why"}


def test_removed(server: Answering, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [(200, {"generation": 5, "metric": RATING})]
    assert server.say("metrics", "remove", "app_rating") == 0
    assert "app_rating is removed" in capsys.readouterr().out
    [(method, _, body, _)] = server.asked
    assert (method, body) == ("DELETE", {"reason": ""})
