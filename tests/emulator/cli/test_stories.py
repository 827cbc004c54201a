"""The verbs for stories against `admin`: versions, and one user's stories."""

from __future__ import annotations

import json
from pathlib import Path

from functions import audit
from functions.documents import Scope
from tests.emulator.cli.conftest import Terminal
from tests.emulator.stories.kept import keep, left

PRODUCTION, STAGING = Scope("main", "production"), Scope("main", "staging")
UID = "canary-uid-7f3a"
NEW = ("--prompt", "tale-1", "--model", "gpt-test", "--max-output-tokens", "900")


def test_versions_are_created_and_listed(terminal: Terminal) -> None:
    assert terminal.read("stories", "versions").startswith("No version")
    said = terminal.palier(
        "stories", "create-version", "1.3.0", *NEW, "--fallback", "gpt-small", "--temperature", "1"
    )
    assert said.startswith("Version 1.3.0 is a variant of the flag stories.version.")
    again = terminal.palier("stories", "create-version", "1.3.0", *NEW, code=1)
    assert again == ""
    assert "ALREADY_EXISTS" in terminal.err
    listed = terminal.read("stories", "versions").splitlines()
    assert listed[1].split()[:4] == ["1.3.0", "gpt-test", "gpt-small", "tale-1"]
    assert listed[1].endswith("yes")
    assert terminal.read("stories", "versions", "--environment", "staging").startswith("No version")


def test_handed_over_and_erased(terminal: Terminal, tmp_path: Path) -> None:
    ids = {keep(terminal.store, f"key-{n}", UID, scope=PRODUCTION) for n in range(3)}
    theirs = keep(terminal.store, "theirs", "u2", scope=PRODUCTION)
    staged = keep(terminal.store, "key-1", UID, scope=STAGING)
    file = tmp_path / "stories.json"
    terminal.read("stories", "export", UID, str(file), code=1)
    assert "needs a reason" in terminal.err
    assert not file.exists()
    assert terminal.palier("stories", "export", UID, str(file)).startswith("3 stories")
    found = json.loads(file.read_text())["stories"]
    assert {story["id"] for story in found} == ids
    assert "Nothing was changed." in terminal.palier("stories", "erase", UID, code=3)
    assert left(terminal.store, PRODUCTION) == {*ids, theirs}
    assert "3 stories erased." in terminal.palier("stories", "erase", UID, "--yes")
    assert left(terminal.store, PRODUCTION) == {theirs}
    assert left(terminal.store, STAGING) == {staged}
    told = [entry["action"] for entry in audit.latest(terminal.store, PRODUCTION, 2)]
    assert told == ["user_data.erase", "user_data.export"]
    assert UID not in json.dumps(audit.latest(terminal.store, PRODUCTION, 50))
    assert "There was no story" in terminal.palier("stories", "erase", UID, "--yes")
