"""Objectives and scores are set, listed and removed, by the command line against `admin`."""

from __future__ import annotations

import json
import re
from pathlib import Path

from functions import audit
from functions.documents import Scope
from tests.emulator.cli.conftest import Terminal

SCOPE = Scope("main", "production")
PAGE = (Path(__file__).parents[3] / "docs/how-to/objectives.md").read_text()


def test_what_the_page_says_to_do(terminal: Terminal) -> None:
    """Each command of docs/how-to/objectives.md, in its order."""
    commands = re.findall(r"^palier (.*)$", PAGE, re.MULTILINE)
    assert len(commands) >= 7
    told = {}
    for command in commands:
        words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', command)]
        told[command] = (
            terminal.palier(*words[: words.index("--reason")], reason=words[-1])
            if "--reason" in words
            else terminal.read(*words)
        )
    assert "stories: 95 % of requests take at most 15 s" in told["objectives list"]
    assert "Nothing has been counted yet." in told["objectives show stories-up"]
    assert "search   200 ms" in terminal.read("scores", "list")
    entries = [entry["action"] for entry in audit.latest(terminal.store, SCOPE, 4)]
    assert entries == ["score.put", "objective.put", "objective.put", "objective.put"]


def test_removed_and_refused(terminal: Terminal) -> None:
    up = ("objectives", "set", "up", "--service", "stories", "--kind", "availability")
    terminal.palier(*up, "--target", "0.99", "--days", "7")
    listed = json.loads(terminal.read("objectives", "list", "--output", "json"))
    assert listed["objectives"][0]["days"] == 7
    terminal.palier(*up, "--target", "1", code=1)
    assert "no budget at all" in terminal.err
    assert "is removed" in terminal.palier("objectives", "remove", "up")
    assert terminal.read("objectives", "list").startswith("No objectives yet")
    terminal.palier("objectives", "remove", "up", code=1)
    assert "NOT_FOUND" in terminal.err
    assert "no data" in terminal.read("scorecard")
