"""The verbs that keep flags in order, and those for scheduled changes."""

from __future__ import annotations

import pytest

from functions.documents import Scope, Write
from tests.emulator.cli.conftest import Terminal
from tests.emulator.cli.test_flags import furnish
from tests.emulator.instances import CLOCK

DAY = 86_400
SCHEDULE = ("schedules", "create", "reader", "--at", "2027-01-15T08:00+01:00")


def test_what_differs_is_repaired_and_told(terminal: Terminal) -> None:
    furnish(terminal)
    assert terminal.palier("flags", "sync") == "What is published is what is stored.\n"
    path = Scope("main", "production").doc("flags", "reader")
    found = terminal.store.get(path)
    assert found is not None
    terminal.store.commit([Write.update(found, {**found.data, "killed": True})])
    preview = terminal.palier("flags", "sync", "--preview", code=1)
    assert preview == ("It differs:\n  flags published otherwise  reader\nNothing was changed.\n")
    repaired = terminal.palier("flags", "sync")
    assert repaired.startswith("Repaired:\n  flags published otherwise  reader\nGeneration ")
    assert terminal.palier("flags", "sync", "--preview").endswith("is what is stored.\n")


def test_stale_flags_are_cleaned_up(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    furnish(terminal)
    always = {"state": "ENABLED", "variants": {"on": True}, "defaultVariant": "on"}
    old = {"key": "old", "owner": "us", "ends_at": 1_700_000_000, "definition": always}
    terminal.create("/v1/flags", "production", **old)
    assert terminal.read("flags", "stale").splitlines()[1].split()[:3] == ["old", "us", "never"]
    monkeypatch.setattr(CLOCK, "shift", 40.0 * DAY)
    told = terminal.read("flags", "stale")
    assert "It was to be gone by 2023-11-14. Everybody gets the variant 'on'" in told
    assert told.endswith("Archive them: palier flags clean-up old\n")
    plan = terminal.palier("flags", "clean-up", "old", "reader", code=3)
    assert plan.startswith("archive old\n  It was to be gone by 2023-11-14.\n")
    assert "keep    reader\n  It is not stale.\n" in plan
    done = terminal.palier("flags", "clean-up", "old", "reader", "--yes")
    assert "\n1 flag archived. Generation " in done
    assert "Nothing was changed." in terminal.palier("flags", "clean-up", "old", code=1)


def test_schedules(terminal: Terminal) -> None:
    furnish(terminal)
    created = terminal.palier(*SCHEDULE, "--action", "kill", reason="the end")
    assert ": reader at 2027-01-15 07:00:00 UTC: kill.\n" in created
    identifier = created.partition(":")[0]
    terminal.palier(*SCHEDULE, "--changes", '{"owner": "them", "tags": ["x"]}')
    assert "edit owner, tags" in terminal.read("schedules", "list", "--flag", "reader")
    cancelled = terminal.palier("schedules", "cancel", identifier)
    assert cancelled == f"{identifier} is cancelled: reader stays as it is.\n"
    [_, line] = terminal.read("schedules", "list", "--state", "cancelled").splitlines()
    assert line.split()[0] == identifier
    assert line.endswith("the end")
    assert terminal.read("schedules", "list", "--state", "failed") == "No scheduled changes.\n"
    terminal.palier(*SCHEDULE, "--changes", "{", code=2)
    assert "--changes is neither a file nor well-formed JSON" in terminal.err
