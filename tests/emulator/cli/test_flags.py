"""The verbs for single flags and segments."""

from __future__ import annotations

import json
from typing import Any

from tests.emulator.cli.conftest import Terminal

DEFINITION: dict[str, Any] = {
    "state": "ENABLED",
    "variants": {"on": True, "off": False},
    "defaultVariant": "off",
    "targeting": {"if": [{"$ref": "beta"}, "on"]},
}
BETA = {"==": [{"var": "plan"}, "beta"]}


def furnish(terminal: Terminal, environment: str = "production") -> None:
    """The flag `reader`, and the segment `beta` that its rules refer to."""
    terminal.create("/v1/segments", environment, key="beta", rule=BETA, included=["ada"])
    terminal.create(
        "/v1/flags", environment, key="reader", definition=DEFINITION, off_variant="off"
    )


def test_the_life_of_a_flag(terminal: Terminal) -> None:
    furnish(terminal)
    assert '{"if": [{"$ref": "beta"}, "on"]}' in terminal.read("flags", "show", "reader")
    killed = terminal.palier("flags", "kill", "reader", reason="it hurts")
    assert killed.startswith("reader is killed: everybody gets off.")
    assert terminal.read("flags", "list").splitlines()[1].split()[:2] == ["reader", "killed"]
    terminal.palier("flags", "revive", "reader")
    terminal.palier("flags", "delete", "reader", "--yes", code=1)
    assert "What to do: Archive it first" in terminal.err
    terminal.palier("flags", "archive", "reader")
    assert "It is archived" in terminal.read("flags", "show", "reader")
    terminal.palier("flags", "restore", "reader", "--to", "1")
    told = terminal.read("flags", "history", "reader").split("\n\n")
    what = [lines.splitlines()[2].strip() for lines in told]
    assert what == ["published again", "archived", "revived", "killed", "created"]
    assert told[3].splitlines()[1] == "  it hurts"
    terminal.palier("flags", "archive", "reader")
    assert "Nothing was changed" in terminal.palier("flags", "delete", "reader", code=3)
    assert "reader is deleted." in terminal.palier("flags", "delete", "reader", "--yes")
    assert terminal.read("flags", "list") == "No flags yet.\n"


def test_why_a_user_gets_what_they_get(terminal: Terminal) -> None:
    furnish(terminal)
    told = terminal.read("flags", "explain", "reader", "--user", "ada")
    assert told.startswith("ada gets the variant on of reader: true (TARGETING_MATCH).\n\n  => ")
    assert "beta" in told
    told = terminal.read("flags", "explain", "reader", "--set", "plan=free")
    assert "somebody without a targetingKey gets the variant off of reader: false" in told
    terminal.read("flags", "explain", "reader", "--context", "[]", code=2)
    assert "--context is not a JSON object." in terminal.err


def test_a_reason_is_compulsory_in_production(terminal: Terminal) -> None:
    furnish(terminal)
    terminal.palier("flags", "kill", "reader", reason="", code=1)
    assert "[INVALID_ARGUMENT]" in terminal.err
    terminal.palier("flags", "kill", "nobody", code=1)
    assert "There is no flag 'nobody' in this environment. [NOT_FOUND]" in terminal.err


def test_segments(terminal: Terminal) -> None:
    furnish(terminal, "staging")
    [_, line] = terminal.read("segments", "list", "--environment", "staging").splitlines()
    assert line.split()[:4] == ["beta", "1", "1", "0"]
    shown = terminal.read("segments", "show", "beta", "--environment", "staging")
    assert "used by   flag reader" in shown
    told = terminal.read("segments", "show", "beta", "--environment", "staging", "--output", "json")
    assert json.loads(told)["segment"]["included"] == ["ada"]
    assert terminal.read("segments", "list") == "No segments yet.\n"
