"""Metrics of apps are declared, listed and removed, by the command line against `admin`."""

from __future__ import annotations

import json

from functions import audit
from functions.documents import Scope
from tests.emulator.cli.conftest import Terminal

SCOPE = Scope("main", "production")


def test_declared_listed_and_removed(terminal: Terminal) -> None:
    assert terminal.read("metrics", "list").startswith("No metrics")
    said = terminal.palier("metrics", "declare", "app_rating", "--kind", "rating")
    assert "app_rating" in said
    terminal.palier("metrics", "declare", "load", "--kind", "duration", "--service", "web")
    listed = terminal.read("metrics", "list", "--output", "json")
    assert json.loads(listed)["metrics"] == [
        {
            "name": "app_rating",
            "kind": "rating",
            "service": "",
            "unit": "stars",
            "better": "higher",
            "about": "",
        },
        {
            "name": "load",
            "kind": "duration",
            "service": "web",
            "unit": "ms",
            "better": "none",
            "about": "",
        },
    ]
    assert terminal.read("metrics", "list", "--environment", "staging").startswith("No metrics")
    assert "is removed" in terminal.palier("metrics", "remove", "load")
    assert "load" not in terminal.read("metrics", "list")
    told = [entry["action"] for entry in audit.latest(terminal.store, SCOPE, 3)]
    assert told == ["metric.remove", "metric.put", "metric.put"]


def test_what_cannot_be_declared_says_why(terminal: Terminal) -> None:
    def refused(code: str, words: str, *arguments: str, reason: str = "a test") -> None:
        terminal.palier("metrics", *arguments, code=1, reason=reason)
        assert code in terminal.err, arguments
        assert words in terminal.err, arguments

    declare = ("declare", "app_rating", "--kind")
    refused("INVALID_ARGUMENT", "needs a reason", *declare, "rating", reason="")
    terminal.palier("metrics", *declare, "rating", "--about", "one")
    terminal.palier("metrics", *declare, "rating", "--about", "another")
    refused("FAILED_PRECONDITION", "is a rating", *declare, "counter")
    refused("INVALID_ARGUMENT", "higher is better", *declare, "rating", "--better", "lower")
    refused("INVALID_ARGUMENT", "by Palier itself", "declare", "words", "--kind", "gauge")
    refused("INVALID_ARGUMENT", "is named", "declare", "App-Rating", "--kind", "gauge")
    refused("NOT_FOUND", "There is no metric", "remove", "stars")


def test_durations_are_so_many(terminal: Terminal) -> None:
    for number in range(20):
        terminal.palier("metrics", "declare", f"load_{number}", "--kind", "duration")
    terminal.palier("metrics", "declare", "one_more", "--kind", "duration", code=1)
    assert "at most 20 fit" in terminal.err
    terminal.palier("metrics", "declare", "load_3", "--kind", "duration", "--about", "anew")
