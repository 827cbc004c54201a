"""The verbs that bring flags in and out as documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli import parts
from tests.emulator.cli.conftest import Terminal
from tests.emulator.cli.test_flags import DEFINITION, furnish

STAGING = ("--environment", "staging")


def test_what_goes_out_comes_in(terminal: Terminal, tmp_path: Path) -> None:
    furnish(terminal)
    file = tmp_path / "flags.json"
    told = terminal.read("flags", "export", str(file), "--form", "palier")
    assert told == f"1 flag and 1 segment are in {file}.\n"
    words = ("flags", "import", str(file), *STAGING)
    assert terminal.palier(*words, code=3).startswith("Into staging:\n\ncreate flag reader\n")
    assert "1 flag and 1 segment created." in terminal.palier(*words, "--yes")
    assert "1 flag and 1 segment are the same already." in terminal.palier(*words)
    document = json.loads(file.read_text())
    assert json.loads(terminal.read("flags", "export", *STAGING, "--form", "palier")) == document
    document["flags"]["reader"]["owner"] = "them"
    file.write_text(json.dumps(document))
    assert '  + owner: "them"' in terminal.palier(*words, code=3)


def test_flagds_form(terminal: Terminal, tmp_path: Path) -> None:
    furnish(terminal)
    document = json.loads(terminal.read("flags", "export"))
    assert document["flags"]["reader"]["targeting"] == DEFINITION["targeting"]
    assert list(document["$evaluators"]) == ["beta"]
    file = tmp_path / "flagd.json"
    assert "--form palier loses nothing" in terminal.read("flags", "export", str(file))
    terminal.palier("flags", "import", str(file), *STAGING, "--yes")
    assert "reader" in terminal.read("flags", "list", *STAGING)


def test_what_is_wrong_is_told_with_its_path(terminal: Terminal, tmp_path: Path) -> None:
    broken = {**DEFINITION, "targeting": {"if": [True, "maybe"]}, "colour": "red"}
    file = tmp_path / "flagd.json"
    file.write_text(json.dumps({"flags": {"reader": broken}}))
    told = terminal.palier("flags", "import", str(file), "--yes", code=1)
    assert "1 problem in the way:\n  $.flags.reader" in told
    assert told.endswith("Nothing was changed.\n")
    assert terminal.read("flags", "list") == "No flags yet.\n"


def document(flags: int, segments: int) -> dict[str, Any]:
    """Each flag refers to a segment, and every tenth to a flag before it."""
    found: dict[str, Any] = {"palier": 1, "segments": {}, "flags": {}}
    for number in range(segments):
        rule = {"==": [{"var": "plan"}, f"plan-{number}"]}
        found["segments"][f"segment-{number:03}"] = {"rule": rule}
    for number in reversed(range(flags)):
        targeting = {"if": [{"$ref": f"segment-{number % segments:03}"}, "on"]}
        flag: dict[str, Any] = {"definition": {**DEFINITION, "targeting": targeting}}
        if number % 10 == 5:
            flag["prerequisites"] = [{"flag": f"flag-{number - 5:04}", "variants": ["on"]}]
            flag["off_variant"] = "off"
        found["flags"][f"flag-{number:04}"] = flag
    return found


def test_a_large_document_comes_in_parts(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "MAXIMUM_ITEMS", 30)
    file = tmp_path / "flags.json"
    file.write_text(json.dumps(document(flags=100, segments=40)))
    words = ("flags", "import", str(file), *STAGING)
    shown = terminal.palier(*words, code=3)
    assert shown.count("create flag") == 100
    assert shown.count("create segment") == 40
    done = terminal.palier(*words, "--yes", "--output", "json")
    told = json.loads(done)
    assert told["requests"] >= 4
    assert {item["change"] for item in told["flags"]} == {"create"}
    assert len(told["flags"]) == 100
    assert "100 flags and 40 segments are the same already." in terminal.palier(*words)


def test_thousands_of_flags(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "flags.json"
    file.write_text(json.dumps(document(flags=1_200, segments=50)))
    done = terminal.palier("flags", "import", str(file), *STAGING, "--yes")
    assert "\n1,200 flags and 50 segments created." in done
    assert terminal.read("flags", "list", *STAGING).count("\n") == 1_201
