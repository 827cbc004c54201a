"""The verbs that bring flags in and out as documents, and what they ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli import parts
from tests.unit.cli.conftest import Answering
from tests.unit.cli.shown.test_plans import item, plan

TOKEN = "t" * 32
DOCUMENT: dict[str, Any] = {"flags": {"a": {}, "b": {}}, "$evaluators": {}}


def planned(key: str, change: str = "create", token: str = TOKEN) -> tuple[int, Any]:
    return 200, {**plan(flags=[item(key, change)]), "confirm": token, "generation": 3}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A document that takes two requests."""
    monkeypatch.setattr(parts, "MAXIMUM_ITEMS", 1)
    path = tmp_path / "flags.json"
    path.write_text(json.dumps(DOCUMENT))
    return str(path)


def test_export(server: Answering, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers = [(200, DOCUMENT)]
    assert server.say("flags", "export") == 0
    assert json.loads(capsys.readouterr().out) == DOCUMENT
    path = tmp_path / "flags.json"
    assert server.say("flags", "export", str(path), "--form", "palier") == 0
    assert json.loads(path.read_text()) == DOCUMENT
    assert capsys.readouterr().out == f"2 flags and 0 segments are in {path}.\n"
    assert [asked[1] for asked in server.asked] == [
        "/api/admin/v1/export?form=flagd",
        "/api/admin/v1/export?form=palier",
    ]
    assert server.say("flags", "export", str(tmp_path / "none" / "x.json")) == 2
    assert "can't be written: No such file" in capsys.readouterr().err


def test_an_import_in_parts(
    server: Answering, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """All parts are shown first; each but the first is planned anew when its turn comes."""
    done = planned("a")
    server.answers = [planned("a"), planned("b"), done, planned("b", token="u" * 32), planned("b")]
    assert server.say("flags", "import", file, "--yes", "--reason", "r") == 0
    asked = [
        (list(body["document"]["flags"]), body.get("confirm")) for _, _, body, _ in server.asked
    ]
    assert asked == [
        (["a"], None),
        (["b"], None),
        (["a"], TOKEN),
        (["b"], None),
        (["b"], "u" * 32),
    ]
    out = capsys.readouterr().out
    assert "create flag a\n\ncreate flag b\n" in out
    assert "2 flags created." in out


def test_an_import_that_is_overtaken(
    server: Answering, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [planned("a"), planned("b"), planned("a"), planned("b", "change")]
    assert server.say("flags", "import", file, "--yes") == 1
    assert capsys.readouterr().err == (
        "palier: Somebody changed these flags since the plan was shown. "
        "1 part of 2 came in before that.\n"
        "  What to do: Import the file again: what is in already stays the same.\n"
    )


def test_smaller_parts_where_they_were_too_large(server: Answering, file: str) -> None:
    large = (413, {"code": "PAYLOAD_TOO_LARGE", "detail": "Too much."})
    server.answers = [large, planned("a"), planned("b")]
    assert server.say("flags", "import", file) == 3
    server.answers = [large]
    assert server.say("flags", "import", file) == 1


@pytest.mark.parametrize("content", ["[]", "{", "1"])
def test_no_document(
    server: Answering, tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "flags.json"
    path.write_text(content)
    assert server.say("flags", "import", str(path)) == 2
    assert server.say("flags", "import", str(tmp_path / "none.json")) == 2
    assert "can't be read: No such file" in capsys.readouterr().err
