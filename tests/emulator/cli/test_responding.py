"""Incidents, people, tests of alerts and restarted collection, from the command line."""

from __future__ import annotations

from pathlib import Path

from tests.emulator.cli.conftest import Terminal


def test_people_come_and_go(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "ada.json"
    file.write_text('{"name": "Ada", "levels": ["L2"], "phone": "+33 1 23 45 67 89"}')
    assert "answers for L2, on call now" in terminal.palier("people", "set", "ada", str(file))
    assert "L2  Ada" in terminal.read("people", "list")
    assert "no longer on call" in terminal.palier("people", "remove", "ada")
    assert terminal.read("people", "list").startswith("Nobody is on call")


def test_incidents_that_are_none(terminal: Terminal) -> None:
    assert terminal.read("incidents", "list") == "No incidents.\n"
    terminal.palier("incidents", "acknowledge", "i-000000000000", code=1)
    assert "NOT_FOUND" in terminal.err


def test_an_alert_is_tested(terminal: Terminal) -> None:
    said = terminal.palier("alerts", "test", "p1-error-rate", "--timeout", "0", code=1)
    assert "it waits for: alert fires" in said
    assert "started" in terminal.err
    terminal.palier("alerts", "test", "p1-error-rate", "--timeout", "0", code=1)
    assert "is running" in terminal.err


def test_collection_is_restarted(terminal: Terminal) -> None:
    said = terminal.palier("metrics", "restart", "--minutes", "3")
    assert "Nothing was published yet." in said
    assert "3 minutes summed up again" in said
